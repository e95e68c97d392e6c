package engine

import (
	"iter"
	"maps"
	"strings"
)

// written yields the overlay's own writes that may have the prefix, in no order.
func (o *overlay) written(bucket, prefix string) iter.Seq2[string, []byte] {
	scope, rest, whole := strings.Cut(prefix, "/")
	if !whole || rest != "" || bucket != bucketEvents && bucket != bucketEntries {
		return maps.All(o.writes[bucket])
	}
	return func(yield func(string, []byte) bool) {
		for _, k := range o.scoped[bucket+"/"+scope] {
			if !yield(k, o.writes[bucket][k]) {
				return
			}
		}
	}
}
