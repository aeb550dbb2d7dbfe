package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// FerretDB 1.24 keeps a document as JSON in one column, and has a unique index over its `_id`. But it
// looks documents up by another expression for the same, which SQLite does not take that index for:
// each update of one document reads the whole table. indexer gives tables an index over the
// expression that is looked up.
type indexer struct {
	dir string

	mu sync.Mutex
	// Collections that have their index: "<database>.<collection>".
	done map[string]bool
}

const (
	// internal/backends/sqlite/metadata of FerretDB 1.24.2.
	tablesOf  = `SELECT table_name FROM _ferretdb_collections WHERE name = ?`
	indexOver = `CREATE INDEX IF NOT EXISTS %q ON %q (_ferretdb_sjson->'$._id')`
)

func newIndexer(dir string) *indexer {
	return &indexer{dir: dir, done: map[string]bool{}}
}

// wrote looks at a write that was just answered, while no other is on its way. Where it cannot be
// done, the collection is as slow as before.
func (i *indexer) wrote(ctx context.Context, message []byte) {
	name, collection, database := written(message)
	if database == "" || strings.ContainsAny(database, `/\`) {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	switch name {
	case "drop", "dropDatabase", "renameCollection":
		for known := range i.done {
			if strings.HasPrefix(known, database+".") {
				delete(i.done, known)
			}
		}
	case "create", "createIndexes", "insert", "update", "findAndModify", "findandmodify":
		key := database + "." + collection
		if !i.done[key] {
			i.done[key] = i.index(ctx, database, collection) == nil
		}
	}
}

func (i *indexer) index(ctx context.Context, database, collection string) error {
	path := filepath.Join(i.dir, database+".sqlite")
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer db.Close()
	var table string
	if err := db.QueryRowContext(ctx, tablesOf, collection).Scan(&table); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf(indexOver, table+"_found_by_id", table))
	return err
}

// written is what an OP_MSG's command is, and of what collection and database.
func written(message []byte) (name, collection, database string) {
	name = command(message)
	const body = headerSize + 4 + 1
	if name == "" || opcode(message) != opMsg {
		return name, "", ""
	}
	rest := message[body+4:]
	for len(rest) > 0 && rest[0] != 0 {
		kind := rest[0]
		end := bytes.IndexByte(rest[1:], 0)
		if end < 0 {
			return name, "", ""
		}
		key, value := string(rest[1:1+end]), rest[1+end+1:]
		size, err := sizeOf(kind, value)
		if err != nil || size > len(value) {
			return name, "", ""
		}
		if kind == bsonString {
			text := string(value[4 : size-1])
			switch key {
			case name:
				collection = text
			case "$db":
				database = text
			}
		}
		rest = value[size:]
	}
	return name, collection, database
}

// BSON types (bsonspec.org, version 1.1) that may stand on the top level of a command.
const (
	bsonDouble    = 0x01
	bsonString    = 0x02
	bsonDocument  = 0x03
	bsonArray     = 0x04
	bsonBinary    = 0x05
	bsonObjectID  = 0x07
	bsonBool      = 0x08
	bsonDate      = 0x09
	bsonNull      = 0x0a
	bsonInt32     = 0x10
	bsonTimestamp = 0x11
	bsonInt64     = 0x12
)

// sizeOf is how many bytes a value takes that value begins with.
func sizeOf(kind byte, value []byte) (int, error) {
	switch kind {
	case bsonDouble, bsonDate, bsonTimestamp, bsonInt64:
		return 8, nil
	case bsonInt32:
		return 4, nil
	case bsonBool:
		return 1, nil
	case bsonNull:
		return 0, nil
	case bsonObjectID:
		return 12, nil
	}
	if len(value) < 4 {
		return 0, errors.New("a value is cut off")
	}
	length := int(int32(binary.LittleEndian.Uint32(value)))
	switch {
	case kind == bsonString && length >= 1:
		return 4 + length, nil
	case (kind == bsonDocument || kind == bsonArray) && length >= 5:
		return length, nil
	case kind == bsonBinary && length >= 0:
		return 4 + 1 + length, nil
	}
	return 0, fmt.Errorf("a value of type %#x", kind)
}
