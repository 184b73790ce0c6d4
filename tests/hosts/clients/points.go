// The points on Go's mattn/go-sqlite3: points <extension> <file> <points>.
package main

import (
	"database/sql"
	"fmt"
	"os"
	"strings"

	"github.com/mattn/go-sqlite3"
)

func main() {
	sql.Register("branch", &sqlite3.SQLiteDriver{Extensions: []string{os.Args[1]}})
	db, err := sql.Open("branch", os.Args[2])
	if err != nil {
		panic(err)
	}
	// Transactions and last_insert_rowid() are a connection's.
	db.SetMaxOpenConns(1)
	points, err := os.ReadFile(os.Args[3])
	if err != nil {
		panic(err)
	}
	for _, statement := range strings.Split(string(points), "\n") {
		if statement == "" || strings.HasPrefix(statement, "--") {
			continue
		}
		if err := run(db, statement); err != nil {
			fmt.Println("error:", err)
		}
	}
}

func run(db *sql.DB, statement string) error {
	rows, err := db.Query(statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		places := make([]any, len(columns))
		for at := range values {
			places[at] = &values[at]
		}
		if err := rows.Scan(places...); err != nil {
			return err
		}
		texts := make([]string, len(columns))
		for at, value := range values {
			texts[at] = value.String
		}
		fmt.Println(strings.Join(texts, "|"))
	}
	return rows.Err()
}
