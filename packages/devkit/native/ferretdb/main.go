// Command ferretdb serves the MongoDB wire protocol from SQLite files in one folder.
//
// It is what the devkit starts where the real mongod cannot be had: one process, no other server,
// the same data again after a restart.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "host:port to listen on")
	dir := flag.String("dir", "", "folder of the SQLite files, made when absent")
	exitWithParent := flag.Bool("exit-with-parent", false, "stop when standard input closes")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *exitWithParent {
		ctx = untilClosed(ctx, os.Stdin)
	}
	if err := serve(ctx, *listen, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

// serve runs until ctx is done: then connections are closed, and after them the SQLite files.
func serve(ctx context.Context, listen, dir string) error {
	if dir == "" {
		return errors.New("--dir is required")
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	// The path of a socket may have only some hundred characters, so it is a relative one. One that is there
	// was left by a process that was killed.
	if err := os.Chdir(path); err != nil {
		return err
	}
	const socket = "front.sock"
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}

	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Handler:   "sqlite",
		SQLiteURL: "file:" + path + "/",
	})
	if err != nil {
		return err
	}
	// The backend outlives the front, so that a command in progress is answered before the files are closed.
	backend, endBackend := context.WithCancel(context.Background())
	defer endBackend()
	backendDone := make(chan error, 1)
	go func() { backendDone <- server.Run(backend) }()
	frontDone := make(chan error, 1)
	frontCtx, endFront := context.WithCancel(ctx)
	defer endFront()
	go func() { frontDone <- front(frontCtx, listen, socket, newIndexer(path)) }()

	select {
	case err = <-frontDone:
		endBackend()
		<-backendDone
	case err = <-backendDone:
		endFront()
		<-frontDone
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// untilClosed ends the context it returns once in is closed, which is what happens to a child's
// standard input when its parent dies, however it dies.
func untilClosed(parent context.Context, in io.Reader) context.Context {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	return ctx
}
