package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// MongoDB wire protocol: every message begins with its length, request id, response-to and opcode,
// four bytes each, little-endian. An OP_MSG has four bytes of flags after that, then its sections.
const (
	headerSize = 16
	// What drivers still greet a server with; nothing else comes this way.
	opQuery = 2004
	opMsg   = 2013
	// The sender of an OP_MSG with this flag waits for no answer.
	moreToCome = 1 << 1
	maxMessage = 48_000_000
)

// reads are the commands that may run beside all others: SQLite's log shows each the documents as
// they were when it began. Anything else is taken for a write.
var reads = map[string]bool{
	"aggregate": true, "buildInfo": true, "collStats": true, "connectionStatus": true, "count": true,
	"dbStats": true, "distinct": true, "endSessions": true, "explain": true, "find": true, "getMore": true,
	"getParameter": true, "hello": true, "isMaster": true, "ismaster": true, "killCursors": true,
	"listCollections": true, "listDatabases": true, "listIndexes": true, "ping": true, "serverStatus": true,
}

// front accepts connections on listen and hands their messages to FerretDB, the writes one at a time.
//
// MongoDB changes a document atomically. FerretDB's SQLite backend reads it, computes, and writes it
// back in steps that interleave: of fifty $inc at once it loses most, and a lease has several
// winners. With no two writes at a time it keeps MongoDB's promise.
func front(ctx context.Context, listen, socket string, indexes *indexer) error {
	if err := waitForSocket(ctx, socket); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()

	var writes sync.Mutex
	var open sync.WaitGroup
	defer open.Wait()
	for {
		client, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		open.Go(func() {
			defer client.Close()
			backend, err := net.Dial("unix", socket)
			if err != nil {
				return
			}
			defer backend.Close()
			// Ends a client that is idle; one in the middle of a command gets its answer first.
			stop := context.AfterFunc(ctx, func() { client.SetReadDeadline(time.Now()) })
			defer stop()
			relay(ctx, client, backend, &writes, indexes)
		})
	}
}

func waitForSocket(ctx context.Context, socket string) error {
	for range 500 {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return errors.New("the backend does not listen")
}

// relay carries request and response in turn, until either side closes.
func relay(ctx context.Context, client, backend net.Conn, writes *sync.Mutex, indexes *indexer) {
	for {
		request, err := readMessage(client)
		if err != nil {
			return
		}
		response, err := exchange(ctx, backend, request, writes, indexes)
		if err != nil {
			return
		}
		if _, err := client.Write(response); err != nil {
			return
		}
	}
}

// exchange sends request and reads its response: none for a request that waits for none.
func exchange(ctx context.Context, backend net.Conn, request []byte, writes *sync.Mutex, indexes *indexer) ([]byte, error) {
	isRead := reads[command(request)]
	if !isRead {
		writes.Lock()
		defer writes.Unlock()
	}
	if _, err := backend.Write(request); err != nil {
		return nil, err
	}
	if wantsNoResponse(request) {
		return nil, nil
	}
	response, err := readMessage(backend)
	if err == nil && !isRead {
		indexes.wrote(ctx, request)
	}
	return response, err
}

func readMessage(conn net.Conn) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(length[:])
	if size < headerSize || size > maxMessage {
		return nil, fmt.Errorf("message of %d bytes", size)
	}
	message := make([]byte, size)
	copy(message, length[:])
	_, err := io.ReadFull(conn, message[4:])
	return message, err
}

func opcode(message []byte) uint32 {
	return binary.LittleEndian.Uint32(message[12:])
}

func wantsNoResponse(message []byte) bool {
	return opcode(message) == opMsg && len(message) >= headerSize+4 &&
		binary.LittleEndian.Uint32(message[headerSize:])&moreToCome != 0
}

// command is the name of an OP_MSG's command, which is the first key of its body; "" where there is
// none to be found, as when document sequences come before the body.
func command(message []byte) string {
	if opcode(message) == opQuery {
		return "hello"
	}
	// Flags (4), kind of section (1), length of the document (4), type of the first element (1), its key.
	const body, key = headerSize + 4, headerSize + 4 + 1 + 4 + 1
	if opcode(message) != opMsg || len(message) <= key || message[body] != 0 {
		return ""
	}
	end := bytes.IndexByte(message[key:], 0)
	if end < 0 {
		return ""
	}
	return string(message[key : key+end])
}
