package spool

import (
	"container/list"
	"time"
)

// lru is the order in which cached objects were used. The zero value is empty. It is guarded by Spool.mu.
type lru struct {
	items map[string]*list.Element
	order list.List // of cacheItem, most recently used in front
	bytes int64
}

type cacheItem struct {
	name    string
	size    int64
	stamped time.Time // when the time stamp of the file was set
}

// put adds the object as the most recently used one, replacing one of that name.
func (l *lru) put(name string, size int64, stamped time.Time) {
	l.remove(name)
	if l.items == nil {
		l.items = map[string]*list.Element{}
	}
	l.items[name] = l.order.PushFront(cacheItem{name, size, stamped})
	l.bytes += size
}

// use makes the object the most recently used one. It reports whether the time stamp of its file should be renewed.
func (l *lru) use(name string, now time.Time) (stamp bool) {
	e := l.items[name]
	if e == nil {
		return false
	}
	l.order.MoveToFront(e)
	item := e.Value.(cacheItem)
	if now.Sub(item.stamped) < touchAfter {
		return false
	}
	item.stamped = now
	e.Value = item
	return true
}

// remove drops the object, if it is there.
func (l *lru) remove(name string) {
	e := l.items[name]
	if e == nil {
		return
	}
	l.bytes -= e.Value.(cacheItem).size
	l.order.Remove(e)
	delete(l.items, name)
}

// oldest returns the name of the least recently used object. There must be one.
func (l *lru) oldest() string { return l.order.Back().Value.(cacheItem).name }
