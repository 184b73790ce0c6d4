// One node of a cluster that keeps branching conversations: a dqlite node with the extension, and a small chat server
// in front of it.
//
//	node -dir DIR -dqlite 127.0.0.1:9001 -http 127.0.0.1:8001 [-join 127.0.0.1:9001,...]
//
// extension.go makes every connection that dqlite opens know the branch_ functions, database.go says how statements reach
// the leader and when they are tried again, chat.go is the conversations as SQL, web.go the same over HTTP.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	dqlite "github.com/canonical/go-dqlite"
	"github.com/canonical/go-dqlite/app"
	"github.com/canonical/go-dqlite/client"
)

func main() {
	dir := flag.String("dir", "", "where the node keeps its files")
	address := flag.String("dqlite", "127.0.0.1:9001", "where the node speaks to the others")
	web := flag.String("http", "127.0.0.1:8001", "where the chat server listens")
	join := flag.String("join", "", "addresses of nodes of the cluster, with commas between; none for the first node")
	threshold := flag.Uint64("snapshot", 1024, "a snapshot is taken after so many log entries")
	flag.Parse()
	if *dir == "" {
		log.Fatal("node: -dir is required")
	}
	if err := run(*dir, *address, *web, *join, *threshold); err != nil {
		log.Fatalf("node: %v", err)
	}
}

func run(dir, address, web, join string, threshold uint64) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := useExtension(); err != nil {
		return err
	}
	options := []app.Option{
		app.WithAddress(address),
		app.WithSnapshotParams(dqlite.SnapshotParams{Threshold: threshold, Trailing: threshold}),
		// A node that was killed comes back as a voter soon, not after half a minute.
		app.WithRolesAdjustmentFrequency(2 * time.Second),
		app.WithLogFunc(func(level client.LogLevel, format string, arguments ...interface{}) {
			if level >= client.LogWarn {
				log.Printf(format, arguments...)
			}
		}),
	}
	if join != "" {
		options = append(options, app.WithCluster(strings.Split(join, ",")))
	}
	node, err := app.New(dir, options...)
	if err != nil {
		return err
	}
	defer node.Close()

	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if err := node.Ready(stop); err != nil {
		return err
	}
	database, err := openDatabase(stop, node)
	if err != nil {
		return err
	}
	defer database.close()

	server := &http.Server{Addr: web, Handler: newServer(database), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Printf("node %s serves http://%s", address, web)
	select {
	case err := <-failed:
		return err
	case <-stop.Done():
		// The leader hands over before it goes, so that nobody waits for an election.
		leave, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := node.Handover(leave); err != nil {
			log.Printf("handover: %v", err)
		}
		return server.Shutdown(leave)
	}
}
