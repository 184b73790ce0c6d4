package main

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/canonical/go-dqlite/app"
	"github.com/canonical/go-dqlite/client"
	"github.com/canonical/go-dqlite/driver"
)

const name = "chat"

// patience is how long a statement is tried again while there is no leader, or another writer is ahead.
const patience = 20 * time.Second

// A database that lives on all nodes. Statements run on the leader, wherever this process is.
type database struct {
	node *app.App
	sql  *sql.DB
}

func openDatabase(ctx context.Context, node *app.App) (*database, error) {
	handle, err := node.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	d := &database{node: node, sql: handle}
	// Safe when all nodes do it at once. As a statement that counts as a write: dqlite's path for queries would run it on
	// the leader and replicate nothing.
	if _, err := d.write(ctx, "INSERT INTO branch_call SELECT branch_migrate()"); err != nil {
		handle.Close()
		return nil, err
	}
	return d, nil
}

func (d *database) close() { d.sql.Close() }

// write runs a statement that writes, and returns last_insert_rowid(). It is tried again after errors that pass, and also
// after those that leave open whether it happened: so the statement must be one that may happen twice, which a uid, or an id
// that the caller chose, makes of it.
func (d *database) write(ctx context.Context, statement string, arguments ...interface{}) (int64, error) {
	var id int64
	err := again(ctx, func(ctx context.Context) error {
		result, err := d.sql.ExecContext(ctx, statement, arguments...)
		if err != nil {
			return err
		}
		id, err = result.LastInsertId()
		return err
	})
	return id, err
}

// read runs a query, and returns its rows as maps from column to value.
func (d *database) read(ctx context.Context, query string, arguments ...interface{}) ([]map[string]interface{}, error) {
	var list []map[string]interface{}
	err := again(ctx, func(ctx context.Context) error {
		list = []map[string]interface{}{}
		rows, err := d.sql.QueryContext(ctx, query, arguments...)
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			values := make([]interface{}, len(columns))
			places := make([]interface{}, len(columns))
			for i := range values {
				places[i] = &values[i]
			}
			if err := rows.Scan(places...); err != nil {
				return err
			}
			row := map[string]interface{}{}
			for i, column := range columns {
				row[column] = values[i]
			}
			list = append(list, row)
		}
		return rows.Err()
	})
	return list, err
}

// leader returns the address of the node that leads, or "" while there is none.
func (d *database) leader(ctx context.Context) string {
	cli, err := d.node.Client(ctx)
	if err != nil {
		return ""
	}
	defer cli.Close()
	leader, err := cli.Leader(ctx)
	if err != nil || leader == nil {
		return ""
	}
	return leader.Address
}

// copy returns the database as this node has it on its own: the file and its WAL.
func (d *database) copy(ctx context.Context) ([]client.File, error) {
	cli, err := d.node.Client(ctx)
	if err != nil {
		return nil, err
	}
	defer cli.Close()
	return cli.Dump(ctx, name)
}

func again(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pause := 5 * time.Millisecond
	for {
		err := try(ctx)
		if err == nil || !passing(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
		if pause < 200*time.Millisecond {
			pause *= 2
		}
	}
}

// passing says whether an error is one that the same statement may not meet again: another writer, an election, a node
// that went away in the middle.
func passing(err error) bool {
	var failed driver.Error
	if errors.As(err, &failed) {
		switch failed.Code & 0xff {
		case 5, 6, 10: // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_IOERR (dqlite's "not leader" and "leadership lost" are of this kind)
			return true
		}
		return false
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, sqldriver.ErrBadConn) || errors.Is(err, driver.ErrNoAvailableLeader) {
		return true
	}
	// What the driver has only as text.
	for _, text := range []string{"database is locked", "no available dqlite leader", "connection refused", "EOF", "broken pipe", "connection reset"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}
