package rows

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// A dialect is what differs from database to database, besides error codes (see temporary.go).
// Placeholders do not: SQLite knows $1 as well.
type dialect struct {
	source      string   // as errors name it
	before      []string // statements that the tables need
	clustered   string   // the rows of a table lie in the order of its primary key
	removeFirst bool     // what is temporary is removed while there is a connection
}

func (d dialect) tables() []string {
	return append(d.before,
		`CREATE TABLE IF NOT EXISTS overlap_readings (
			sensor BIGINT NOT NULL, at BIGINT NOT NULL, payload TEXT NOT NULL,
			PRIMARY KEY (sensor, at))`+d.clustered,
		`CREATE TABLE IF NOT EXISTS overlap_filled (readings BIGINT NOT NULL, seed BIGINT NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS overlap_bookings (
			id BIGINT PRIMARY KEY, account BIGINT NOT NULL, amount BIGINT NOT NULL)`+d.clustered,
		`CREATE TABLE IF NOT EXISTS overlap_accounts (
			account BIGINT PRIMARY KEY, bookings BIGINT NOT NULL, total BIGINT NOT NULL)`+d.clustered,
	)
}

func nothing(context.Context) error { return nil }

func openSQLite(path string) (*DB, error) {
	remove := nothing
	if path == "" {
		dir, err := os.MkdirTemp("", "overlap-rows-")
		if err != nil {
			return nil, fmt.Errorf("rows: open a temporary file: %w", err)
		}
		path = filepath.Join(dir, "rows.sqlite")
		remove = func(context.Context) error { return os.RemoveAll(dir) }
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("rows: open: %w", err)
	}
	db, err := sql.Open("sqlite", sqliteURI(path))
	if err != nil {
		return nil, fmt.Errorf("rows: open %s: %w", path, err)
	}
	return &DB{DB: db, Database: "sqlite", remove: remove, dialect: dialect{
		source:    path,
		clustered: " WITHOUT ROWID",
	}}, nil
}

// sqliteURI is the name of a file with its settings, see Open. As a URI it may hold any
// character: sqlite.org/uri.html.
func sqliteURI(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/rows.sqlite
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_busy_timeout": {"100"},
		"_txlock":       {"immediate"},
	}.Encode()}).String()
}

// schemaName is what a schema may be called, so that it is nobody else's and needs no quotes.
var schemaName = regexp.MustCompile(`^overlap_[a-z0-9_]{1,50}$`)

func openPostgres(source string) (*DB, error) {
	config, err := pgx.ParseConfig(source)
	if err != nil {
		return nil, fmt.Errorf("rows: open: %w", err) // it hides the password
	}
	schema, kept := config.RuntimeParams["search_path"]
	if !kept {
		id := make([]byte, 8)
		_, _ = rand.Read(id) // never fails
		schema = "overlap_" + hex.EncodeToString(id)
	}
	if !schemaName.MatchString(schema) {
		return nil, fmt.Errorf("rows: open: search_path is %q, want one schema named overlap_ and small letters, digits or _", schema)
	}
	config.RuntimeParams["search_path"] = schema
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: EndWithin / 2}
	}
	db := stdlib.OpenDB(*config)
	d := &DB{DB: db, Database: "postgres", remove: nothing, dialect: dialect{
		source: fmt.Sprintf("schema %s of database %s at %s", schema, config.Database, config.Host),
		before: []string{
			// CREATE IF NOT EXISTS fails if two do it at the same moment.
			`SELECT pg_advisory_xact_lock(hashtext('overlap_rows'))`,
			`CREATE SCHEMA IF NOT EXISTS ` + schema,
		},
		removeFirst: true,
	}}
	if !kept {
		d.remove = func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, `DROP SCHEMA IF EXISTS `+schema+` CASCADE`)
			return err
		}
	}
	return d, nil
}
