package pages

// Hosts is how many hosts the transport has anything of.
func Hosts(t *DirectTransport) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.hosts)
}
