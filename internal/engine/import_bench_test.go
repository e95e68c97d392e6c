package engine_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// BenchmarkImport deposits documents of 120 kB over four lanes, without and with what brings them to a local folder.
func BenchmarkImport(b *testing.B) {
	for _, pushed := range []bool{false, true} {
		b.Run(fmt.Sprintf("pushed=%v", pushed), func(b *testing.B) {
			r := MustFound(b, single)
			const vaults, lanes, size = 50, 4, 120_000
			for i := range vaults {
				MustAdd(b, r, "Awa", fmt.Sprintf("Diallo%d", i), "", withRef(fmt.Sprintf("PEP:%d", i)))
			}
			random := rand.NewChaCha8([32]byte{1})
			content := make([]byte, size)
			_, _ = random.Read(content)
			batch := string(vault.NewBatchID())
			b.SetBytes(size)
			b.ResetTimer()
			var wg sync.WaitGroup
			for l := range lanes {
				wg.Go(func() {
					mine := bytes.Clone(content)
					i := l - lanes
					parts := func() (string, []byte, bool) {
						if i += lanes; i >= b.N {
							return "", nil, false
						}
						copy(mine, fmt.Sprintf("%d", i))
						return fmt.Sprintf("PEP:%d", i%vaults), mine, true
					}
					_, err := r.ImportDeposit(ctxb, api.ImportRequest{Batch: batch}, rowsOf(b, parts), func(res api.RowResult) error {
						if res.Status != api.RowDeposited {
							b.Errorf("%+v", res)
						}
						return nil
					})
					if err != nil {
						b.Error(err)
					}
				})
			}
			wg.Wait()
			if pushed {
				MustSync(b, r)
			}
		})
	}
}
