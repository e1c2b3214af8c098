package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
)

// A host is a share in the server of a directory. A file lock decides who runs it: the kernel
// gives a lock back when its process ends, however that ends, so there is never none who could
// take over, and never two servers on the same files.
//
// The directory holds, beside the server's own files in jetstream/:
//
//	lock     whoever has locked it runs the server
//	token    what the server asks for; only its owner may read it
//	address  where the server listens now
type host struct {
	dir   string
	token string
	sync  bool
	log   *slog.Logger

	lock   *flock.Flock
	server *server.Server // nil if another process runs it; owned by keep
	serves atomic.Bool    // it is this process that runs the server
	full   atomic.Bool    // and the server has said that the disk is full
	stop   context.CancelFunc
	ended  sync.WaitGroup
}

// local is the host in the URL that the client is given; its dialer knows better.
const local = "queue.local:4222"

// takeover is how often a process asks whether the server's process has died.
const takeover = 100 * time.Millisecond

func openHost(ctx context.Context, dir string, sync bool, log *slog.Logger) (*host, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	h := &host{dir: dir, sync: sync, log: log, lock: flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))}
	if err := h.readToken(); err != nil {
		return nil, err
	}
	alive, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	first := make(chan error, 1)
	h.ended.Go(func() { h.keep(alive, first) })
	select {
	case err := <-first:
		if err != nil {
			return nil, errors.Join(err, h.close())
		}
		return h, nil
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), h.close())
	}
}

// readToken reads the directory's token. The first one makes it, whole or not at all.
func (h *host) readToken() error {
	path := filepath.Join(h.dir, "token")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		temporary, err := os.CreateTemp(h.dir, "token-*") // readable by its owner only
		if err != nil {
			return err
		}
		defer os.Remove(temporary.Name())
		_, err = temporary.WriteString(rand.Text())
		if err := errors.Join(err, temporary.Close()); err != nil {
			return err
		}
		if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		text, err = os.ReadFile(path)
		h.token = string(text)
		return err
	}
	h.token = string(text)
	return err
}

// keep runs the server whenever nobody else does, and says on first when there is one.
func (h *host) keep(ctx context.Context, first chan<- error) {
	said := false
	say := func(err error) {
		if !said {
			first <- err
			said = true
		}
	}
	defer func() {
		if h.server != nil {
			h.end()
			_ = h.lock.Unlock()
		}
	}()
	ticker := time.NewTicker(takeover)
	defer ticker.Stop()
	for {
		switch locked, err := h.lock.TryLock(); {
		case err != nil:
			say(fmt.Errorf("lock %s: %w", h.lock.Path(), err))
			return
		case locked:
			if err := h.serve(); err != nil {
				_ = h.lock.Unlock()
				h.log.Error("the server does not start", "queue", h.dir, "error", err)
				say(err)
			} else {
				if said {
					h.log.Info("the server was taken over", "queue", h.dir)
				}
				say(nil)
				h.mind(ctx)
				return
			}
		case h.answers():
			say(nil)
		}
		select {
		case <-ctx.Done():
			say(context.Cause(ctx))
			return
		case <-ticker.C:
		}
	}
}

// mind sees to the server until ctx ends. One whose disk was full has given its streams up, and
// takes them up again only when it is started anew: so it is, when there is room.
func (h *host) mind(ctx context.Context) {
	ticker := time.NewTicker(takeover)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !h.full.Load() || !h.room() {
			continue
		}
		if h.server != nil {
			h.end()
		}
		h.full.Store(false)
		if err := h.serve(); err != nil {
			h.log.Error("the server does not start again", "queue", h.dir, "error", err)
			h.full.Store(true)
			continue
		}
		h.log.Info("there is room again", "queue", h.dir)
	}
}

// end ends the server.
func (h *host) end() {
	h.serves.Store(false)
	h.server.Shutdown()
	h.server.WaitForShutdown()
	h.server = nil
}

// enough is how many bytes the disk must take until the server is started anew.
const enough = 1 << 20

// room says whether the disk takes something again.
func (h *host) room() bool {
	path := filepath.Join(h.dir, "room")
	err := os.WriteFile(path, make([]byte, enough), 0o600)
	return errors.Join(err, os.Remove(path)) == nil
}

// answers says whether the process that has the lock serves already.
func (h *host) answers() bool {
	conn, err := h.Dial("tcp", local)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// serve starts the server, at the port where it was before if that is free.
func (h *host) serve() error {
	port := server.RANDOM_PORT
	if text, err := os.ReadFile(h.addressFile()); err == nil {
		if _, before, err := net.SplitHostPort(strings.TrimSpace(string(text))); err == nil {
			if listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", before)); err == nil {
				_ = listener.Close()
				port, _ = strconv.Atoi(before)
			}
		}
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "overlap", Host: "127.0.0.1", Port: port, Authorization: h.token,
		JetStream: true, StoreDir: h.dir, SyncAlways: h.sync, NoSigs: true,
	})
	if err != nil {
		return err
	}
	s.SetLoggerV2(serverLog{h}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(silence) {
		s.Shutdown()
		s.WaitForShutdown()
		return errors.New("the server does not get ready")
	}
	if !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return fmt.Errorf("the server cannot keep its files in %s", h.dir)
	}
	if err := replace(h.addressFile(), s.Addr().String()); err != nil {
		s.Shutdown()
		s.WaitForShutdown()
		return err
	}
	h.server = s
	h.serves.Store(true)
	return nil
}

func (h *host) addressFile() string { return filepath.Join(h.dir, "address") }

// replace writes a file whole: a reader sees the old text or the new one.
func replace(path, text string) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = temporary.WriteString(text)
	if err := errors.Join(err, temporary.Close()); err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return os.Rename(temporary.Name(), path)
}

// Dial makes the host the client's dialer: wherever the server listens now.
func (h *host) Dial(network, _ string) (net.Conn, error) {
	address, err := os.ReadFile(h.addressFile())
	if err != nil {
		return nil, err
	}
	return net.DialTimeout(network, string(address), 2*time.Second)
}

// close ends the share, and the server with it if it runs here.
func (h *host) close() error {
	h.stop()
	h.ended.Wait()
	return h.lock.Close()
}

// serverLog keeps what the server has to complain of.
type serverLog struct{ *host }

func (serverLog) Noticef(string, ...any) {}
func (serverLog) Debugf(string, ...any)  {}
func (serverLog) Tracef(string, ...any)  {}

func (l serverLog) Warnf(format string, v ...any)  { l.say(slog.LevelWarn, format, v...) }
func (l serverLog) Errorf(format string, v ...any) { l.say(slog.LevelError, format, v...) }
func (l serverLog) Fatalf(format string, v ...any) { l.say(slog.LevelError, format, v...) }

func (l serverLog) say(level slog.Level, format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	if strings.Contains(text, "no space left") {
		l.full.Store(true)
	}
	l.log.Log(context.Background(), level, "the server says", "queue", l.dir, "text", text)
}
