package vault

import (
	"errors"
	"strings"
	"testing"
)

func TestMistypedIDsNameNothing(t *testing.T) {
	for range 300 {
		id := string(NewDocumentID("d"))
		if got, err := ParseDocumentID(strings.ToUpper(id[:4]) + "-" + id[4:8] + " " + id[8:]); err != nil || string(got) != id {
			t.Fatalf("%s as people write it: %s, %v", id, got, err)
		}
		for i := range id {
			for _, c := range idAlphabet {
				mistyped := id[:i] + string(c) + id[i+1:]
				if _, err := ParseID('d', mistyped); mistyped != id && CodeOf(err) != CodeNotFound {
					t.Fatalf("%s passes for %s", mistyped, id)
				}
			}
			if i+1 < len(id) && id[i] != id[i+1] {
				swapped := id[:i] + string(id[i+1]) + string(id[i]) + id[i+2:]
				if _, err := ParseID('d', swapped); CodeOf(err) != CodeNotFound {
					t.Fatalf("%s passes for %s", swapped, id)
				}
			}
		}
	}
}

func TestIDsWhosePairsCouldBeSwappedAreNotGivenOut(t *testing.T) {
	// The check character alone takes these two for valid, as it does 28 pairs of 17,856.
	found := false
	for _, a := range dataAlphabet {
		for _, b := range dataAlphabet {
			data := "d" + string(a) + string(b) + strings.Repeat("0", idDataLen-2)
			id := data + string(checkCharacter(data))
			swapped := "d" + string(b) + string(a) + id[3:]
			if a != b && checkCharacter(swapped[:idLen-1]) == swapped[idLen-1] {
				found = true
				if !transposable([]byte(id)) {
					t.Errorf("%s would be given out, and passes for %s", id, swapped)
				}
			}
		}
	}
	if !found {
		t.Error("no such pair: the check is not needed")
	}
}

func TestIDsOfOtherKinds(t *testing.T) {
	kinds := map[byte]string{'o': string(NewOrgID()), 'b': string(NewBeneficiaryID("d")), 'd': string(NewDocumentID("d")), 'c': string(NewConsentID("d")),
		't': string(NewTeamID("d")), 'a': string(NewAgentID("d")), 'i': string(NewBatchID())}
	for kind, id := range kinds {
		if _, err := ParseID(kind, id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		for other := range kinds {
			if _, err := ParseID(other, id); other != kind && !errors.Is(err, &Error{Code: CodeNotFound}) {
				t.Errorf("%s passes for kind %c", id, other)
			}
		}
	}
	for _, s := range []string{"", "d", "d00000000000", "d000000000000000", "dilo0000000000", "é", "d\x00"} {
		if _, err := ParseID('d', s); err == nil {
			t.Errorf("%q passes", s)
		}
	}
}

func TestWriters(t *testing.T) {
	d := DeviceIDOf([]byte("key"))
	w := NewWriterID(d)
	if !w.Valid() || w.Device() != d {
		t.Errorf("writer %s of %s", w, d)
	}
	for _, bad := range []WriterID{"", WriterID(d), WriterID(d) + "-", w + "a", w[:len(w)-1], WriterID(strings.ToUpper(string(w))), "../../etc-passwd",
		WriterID(strings.Repeat("/", 26) + "-aaaaaaaa")} {
		if bad.Valid() {
			t.Errorf("%q is valid", bad)
		}
	}
}

func TestObjectFolders(t *testing.T) {
	w := NewWriterID(DeviceIDOf([]byte("key")))
	oid := NewObjectName()
	for path, want := range map[string]string{
		DocumentPath(w, oid):                   documentFolder,
		NotePath(w, oid):                       noteFolder,
		ManifestPath(w, oid, 1_790_000_000):    manifestFolder,
		SegmentPath(w, 12345):                  "",
		ParcelPath(EpochID(string(w)+"/1"), 0): "",
		OrgNotePath:                            "",
		"":                                     "",
		DocumentPath(w, oid) + "/":             "",
		DocumentPath(w, "../../../x"):          "",
		"v1/w/" + string(w) + "/d/aa/" + oid + ".age": "",
		"v1/w/" + string(w) + "/d/../" + oid + ".age": "",
		"v2" + DocumentPath(w, oid)[2:]:               "",
		strings.ToUpper(DocumentPath(w, oid)):         "",
		DocumentPath(w, oid) + "\n":                   "",
	} {
		if strings.HasPrefix(oid, "aa") && want == "" && strings.Contains(path, "/d/aa/") {
			continue
		}
		if got := objectFolder(path); got != want {
			t.Errorf("objectFolder(%q) = %q, want %q", path, got, want)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add(byte('d'), "d00000000000x")
	f.Add(byte('b'), "B 0000-0000-000k")
	f.Fuzz(func(t *testing.T, kind byte, s string) {
		id, err := ParseID(kind, s)
		if err != nil {
			return
		}
		if again, err := ParseID(kind, id); err != nil || again != id || len(id) != idLen || id[0] != kind {
			t.Errorf("ParseID(%q) = %q, which reads as %q, %v", s, id, again, err)
		}
	})
}
