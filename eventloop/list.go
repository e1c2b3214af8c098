package eventloop

import "iter"

// A list is what is in order and leaves from anywhere: the tasks of a loop or of a group,
// and those that wait. Its elements hold their neighbours themselves, by [links], so that
// to come and to go takes the same however many there are, and allocates nothing. An
// element is in one list at a time.
type list[E any, P linked[E]] struct{ first, last *E }

// links are embedded in an element.
type links[E any] struct{ earlier, later *E }

func (l *links[E]) neighbours() *links[E] { return l }

type linked[E any] interface {
	*E
	neighbours() *links[E]
}

// add puts e at the end.
func (l *list[E, P]) add(e *E) {
	P(e).neighbours().earlier = l.last
	if l.last == nil {
		l.first = e
	} else {
		P(l.last).neighbours().later = e
	}
	l.last = e
}

func (l *list[E, P]) remove(e *E) {
	at := P(e).neighbours()
	if at.earlier == nil {
		l.first = at.later
	} else {
		P(at.earlier).neighbours().later = at.later
	}
	if at.later == nil {
		l.last = at.earlier
	} else {
		P(at.later).neighbours().earlier = at.earlier
	}
	*at = links[E]{}
}

// all are the elements, the first first. The one that the loop is at may leave.
func (l *list[E, P]) all() iter.Seq[*E] {
	return func(yield func(*E) bool) {
		for e := l.first; e != nil; {
			later := P(e).neighbours().later
			if !yield(e) {
				return
			}
			e = later
		}
	}
}
