// Package listen opens the listeners of this module's servers: on loopback, unless another
// address is asked for by name.
package listen

import "net"

// TCP listens at addr, host and port as net.Listen takes them. Without a host that is
// 127.0.0.1, without a port a free one, and an empty addr is without both; 0.0.0.0 or [::] must
// be asked for by name. The error is net's.
func TCP(addr string) (net.Listener, error) {
	host, port := "", "0"
	if addr != "" {
		var err error
		if host, port, err = net.SplitHostPort(addr); err != nil {
			return nil, err
		}
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.Listen("tcp", net.JoinHostPort(host, port))
}

// URL is where a client on this machine finds a server that listens at addr:
// http://127.0.0.1:41234. An address that means all of them stands for loopback, since Go
// listens on those for IPv4 and IPv6 alike.
func URL(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		addr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}
	}
	return "http://" + addr.String()
}
