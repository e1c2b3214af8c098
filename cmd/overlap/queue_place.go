package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"

	"example.com/overlap/queue"
)

// A place is where the queue is, as flags say it: a directory, or a NATS server and how it is
// told who we are. The flags of the latter are named as those of NATS's own command, and heed the
// same environment variables.
type place struct {
	dir      string
	sync     bool
	url      string
	access   [len(accessFlags)]string
	replicas int

	reads bool // set by a command that does not make a queue if none is there
}

// An accessFlag is a file that says who we are, or who the server must be.
type accessFlag struct {
	name  string
	env   string // is in its place if neither it nor the other is given
	other string // of a pair
	usage string
}

const (
	creds = iota
	nkey
	tlsCert
	tlsKey
	tlsCA
)

var accessFlags = [...]accessFlag{
	creds:   {"creds", "NATS_CREDS", "nkey", "`file` with the credentials of a user, JWT and seed"},
	nkey:    {"nkey", "NATS_NKEY", "creds", "`file` with the seed of a user's nkey"},
	tlsCert: {"tlscert", "NATS_CERT", "tlskey", "`file` with our certificate, PEM"},
	tlsKey:  {"tlskey", "NATS_KEY", "tlscert", "`file` with the certificate's key, PEM"},
	tlsCA:   {"tlsca", "NATS_CA", "", "`file` with the certificates of who vouches for the server, PEM"},
}

func (p *place) flags(flags *flag.FlagSet) {
	flags.StringVar(&p.dir, "dir", "", "`directory` of the queue, on this machine (in the user's data directory)")
	flags.BoolVar(&p.sync, "sync", false, "write each job and result through to the disk of -dir, so that it survives a power cut; to be given to each command, as each may come to run the server")
	flags.StringVar(&p.url, "nats", "", "`URL` of a NATS server with JetStream, several with commas between, in place of -dir (NATS_URL)")
	for i, f := range accessFlags {
		flags.StringVar(&p.access[i], f.name, "", f.usage+", for -nats ("+f.env+")")
	}
	flags.IntVar(&p.replicas, "replicas", 1, "`servers` of the cluster of -nats that keep a copy, counted when the queue is made")
}

// check says what is wrong with the flags themselves. It takes what is not given from the
// environment; that is for the server of -nats only.
func (p *place) check(flags *flag.FlagSet) error {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	switch {
	case given["dir"] && p.dir == "":
		return errors.New("-dir is empty, want a directory")
	case given["nats"] && p.url == "":
		return errors.New("-nats is empty, want a URL, such as nats://127.0.0.1:4222")
	case given["dir"] && given["nats"]:
		return errors.New("-dir and -nats are both given: the queue is either here or there")
	}
	source := "-nats"
	if !given["dir"] && !given["nats"] && os.Getenv("NATS_URL") != "" {
		source, p.url = "NATS_URL", os.Getenv("NATS_URL")
	}
	if p.url == "" {
		for _, name := range append(accessNames(), "replicas") {
			if given[name] {
				return fmt.Errorf("-%s is for a server of -nats (or NATS_URL), and the queue is in a directory", name)
			}
		}
		return nil
	}
	if given["sync"] {
		return fmt.Errorf("-sync is for the server of -dir: that of %s has settings of its own", source)
	}
	if p.replicas < 1 || p.replicas > 5 {
		return fmt.Errorf("-replicas is %d, want 1 to 5", p.replicas)
	}
	for i, f := range accessFlags {
		if given[f.name] && p.access[i] == "" {
			return fmt.Errorf("-%s is empty, want a file", f.name)
		}
		if !given[f.name] && !given[f.other] {
			p.access[i] = os.Getenv(f.env)
		}
	}
	switch {
	case p.access[tlsCert] != "" && p.access[tlsKey] == "":
		return errors.New("-tlscert is given without -tlskey, the key of that certificate")
	case p.access[tlsKey] != "" && p.access[tlsCert] == "":
		return errors.New("-tlskey is given without -tlscert, the certificate of that key")
	case p.access[creds] != "" && p.access[nkey] != "":
		return errors.New("-creds and -nkey are both given, want one")
	}
	var err error
	if p.url, err = natsURL(p.url); err != nil {
		return fmt.Errorf("%s %w", source, err)
	}
	return nil
}

func accessNames() (names []string) {
	for _, f := range accessFlags {
		names = append(names, f.name)
	}
	return names
}

// natsURL completes URLs without a scheme, as NATS's own client does. Its error has nothing of
// the text, in which a password may stand.
func natsURL(text string) (string, error) {
	urls := strings.Split(text, ",")
	for i, one := range urls {
		if one = strings.TrimSpace(one); !strings.Contains(one, "://") {
			one = "nats://" + one
		}
		u, err := url.Parse(one)
		if err != nil || u.Hostname() == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
			which := ""
			if len(urls) > 1 {
				which = fmt.Sprintf(": number %d of %d", i+1, len(urls))
			}
			return "", fmt.Errorf("is no URL of a NATS server%s; want such as nats://127.0.0.1:4222 or tls://user:password@host, with %%23 for a # and so on", which)
		}
		urls[i] = one
	}
	return strings.Join(urls, ","), nil
}

// settings reads the files that the flags name. Its errors name the flag.
func (p *place) settings() (s queue.Settings, err error) {
	s = queue.Settings{URL: p.url, Dir: p.dir, Sync: p.sync, Replicas: p.replicas}
	if p.url == "" && p.dir == "" {
		if s.Dir, err = dataDir(); err != nil {
			return s, fmt.Errorf("-dir is not given, and %w", err)
		}
	}
	if s.URL == "" {
		return s, nil
	}
	use := func(name string, option nats.Option, err error) error {
		var tried nats.Options
		if err == nil {
			err = option(&tried)
		}
		// Those who call these later would say less of what is wrong.
		if err == nil && tried.UserJWT != nil {
			_, err = tried.UserJWT()
		}
		if err == nil && tried.SignatureCB != nil {
			_, err = tried.SignatureCB([]byte("nonce"))
		}
		if err != nil {
			return fmt.Errorf("-%s: %w", name, err)
		}
		s.Options = append(s.Options, option)
		return nil
	}
	if file := p.access[creds]; file != "" {
		if err := use("creds", nats.UserCredentials(file), nil); err != nil {
			return s, err
		}
	}
	if file := p.access[nkey]; file != "" {
		option, err := nats.NkeyOptionFromSeed(file)
		if err := use("nkey", option, err); err != nil {
			return s, err
		}
	}
	if file := p.access[tlsCert]; file != "" {
		if err := use("tlscert", nats.ClientCert(file, p.access[tlsKey]), nil); err != nil {
			return s, err
		}
	}
	if file := p.access[tlsCA]; file != "" {
		if err := use("tlsca", nats.RootCAs(file), nil); err != nil {
			return s, err
		}
	}
	return s, nil
}

// dataDir is where the queue is if nobody says: where programs keep the user's data. A cache,
// which Go knows by itself, may be emptied by others at any time, but on Windows, where it
// stands for the data of this machine.
func dataDir() (string, error) {
	var root string
	var err error
	switch runtime.GOOS {
	case "windows":
		root, err = os.UserCacheDir() // %LocalAppData%
	case "darwin", "ios":
		root, err = os.UserConfigDir() // Library/Application Support
	default:
		if root = os.Getenv("XDG_DATA_HOME"); !filepath.IsAbs(root) { // as its specification has it
			if root, err = os.UserHomeDir(); err == nil {
				root = filepath.Join(root, ".local", "share")
			}
		}
	}
	if err != nil {
		return "", fmt.Errorf("there is no directory for data: %w", err)
	}
	return filepath.Join(root, "overlap", "queue"), nil
}

// mustBeThere refuses a directory without a queue, if this command is none that makes one: a name
// that is misspelt would else be a new queue with nothing in it.
func (p *place) mustBeThere(s queue.Settings) error {
	if !p.reads || s.Dir == "" {
		return nil
	}
	_, err := os.Stat(filepath.Join(s.Dir, "token"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no queue in %s; add and work make one", s.Dir)
	}
	return err
}
