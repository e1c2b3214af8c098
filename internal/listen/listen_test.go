package listen_test

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/overlap/internal/listen"
)

func TestTCPListensOnLoopbackUnlessToldOtherwise(t *testing.T) {
	for name, c := range map[string]struct {
		addr        string
		unspecified bool // of the address that is listened at
	}{
		"nothing":           {"", false},
		"a port alone":      {":0", false},
		"loopback":          {"127.0.0.1:0", false},
		"a name":            {"localhost:0", false},
		"all of IPv4":       {"0.0.0.0:0", true},
		"all of both kinds": {"[::]:0", true},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := listen.TCP(c.addr)
			if err != nil && c.addr == "[::]:0" {
				t.Skip("no IPv6 here: ", err)
			}
			require.NoError(t, err)
			defer listener.Close()
			tcp := listener.Addr().(*net.TCPAddr)
			require.Equal(t, c.unspecified, tcp.IP.IsUnspecified(), tcp)
			require.Equal(t, !c.unspecified, tcp.IP.IsLoopback(), tcp)

			address, ok := strings.CutPrefix(listen.URL(tcp), "http://")
			require.True(t, ok)
			conn, err := net.Dial("tcp", address)
			require.NoError(t, err, "the URL is one that can be dialled")
			require.NoError(t, conn.Close())
		})
	}
}

func TestTCPTakesThePortThatItIsTold(t *testing.T) {
	first, err := listen.TCP("")
	require.NoError(t, err)
	defer first.Close()
	address := first.Addr().String()
	_, err = listen.TCP(address)
	require.ErrorContains(t, err, "listen tcp "+address, "it is held already")
}

func TestTCPRefuses(t *testing.T) {
	for name, c := range map[string]struct{ addr, want string }{
		"no port":             {"127.0.0.1", "address 127.0.0.1: missing port in address"},
		"two colons":          {"::1", "address ::1: too many colons in address"},
		"a port that is none": {":99999", "listen tcp: address 99999: invalid port"},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := listen.TCP(c.addr)
			require.EqualError(t, err, c.want)
			require.Nil(t, listener)
		})
	}
}

func TestURL(t *testing.T) {
	for name, c := range map[string]struct {
		addr net.Addr
		want string
	}{
		"IPv4":          {&net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 80}, "http://192.0.2.7:80"},
		"IPv6":          {&net.TCPAddr{IP: net.ParseIP("2001:db8::7"), Port: 80}, "http://[2001:db8::7]:80"},
		"all of IPv4":   {&net.TCPAddr{IP: net.IPv4zero, Port: 8080}, "http://127.0.0.1:8080"},
		"all of both":   {&net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}, "http://127.0.0.1:8080"},
		"no TCP at all": {&net.UnixAddr{Name: "pipe"}, "http://pipe"},
	} {
		assert.Equal(t, c.want, listen.URL(c.addr), name)
	}
}
