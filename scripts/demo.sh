#!/usr/bin/env bash
# The whole story in a throw-away home against a local-folder remote: found an organization, open a vault with consent,
# deposit, issue a card, withdraw, then get every document back with stock age and a plain copy, and a working
# organization back after the only workstation is gone. Every command is printed with its answer. BIN says where the
# programs are, if not in bin.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
export VAULTCTL_HOME="$work/home" PATH="${BIN:-$PWD/bin}:$PATH" NO_COLOR=1
unset VAULTCTL_CONFIG
trap 'vaultctl daemon stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

say() { printf '\n== %s\n' "$*"; }
run() {
    printf '$ %s\n' "${*//$work\//}"
    "$@"
}
# field NAME prints the first value of a string field of the JSON on standard input.
field() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }
same() { [ "$(sha256sum <"$1")" = "$(sha256sum <"$2")" ]; }

say "Stock age, from the module that the program is pinned to"
go build -o "$work/age" filippo.io/age/cmd/age

say "Papers, as a scanner would leave them"
mkdir "$work/scans"
go run ./scripts/papers "$work/scans"
ls "$work/scans"

say "1. An organization, its first team, agent and workstation"
run vaultctl init --org "CCAS de Rennes" --agent "Marie Durand" --team "Accueil" --remote "$work/remote" \
    --recovery-shares 2/3 --holders "the director and the notary" --protect keyfile \
    -o "$work/recovery-sheets.pdf" --json --reveal --yes >"$work/init.json"
sed 's/"sheets":"[^"]*"/"sheets":"…"/; s/"root_words":\[[^]]*\]/"root_words":["…24 words…"]/; s/"recovery":\[[^]]*\]/"recovery":["…3 shares…"]/' "$work/init.json"

say "2. A vault, opened with consent"
run vaultctl beneficiary add --family-name "Haddad" --given-name "Amal" --usage-name "Haddad-Le Goff" --born 1985~ \
    --ref CCAS:2026-0417 --lang ar --to team:Accueil --purpose case-file --until +18mo --verbal --read-aloud \
    --interpreter "Service d'interprétariat" --json >"$work/add.json"
person=$(field id <"$work/add.json")
run vaultctl beneficiary show "$person"
run vaultctl consent list "$person"

say "3. Deposits"
run vaultctl document add ref:CCAS:2026-0417 "$work/scans/carte.pdf" --type id-card --issued-on 2021-05-03 --original-seen
run vaultctl document add ref:CCAS:2026-0417 "$work/scans/avis.pdf" --type "avis d'imposition" --period 2025
run vaultctl document add ref:CCAS:2026-0417 "$work/scans/rib.png" --type rib --title "Compte courant"
run vaultctl document list "$person"
run vaultctl sync --wait
run vaultctl status
printf '$ find remote -type f\n'
(cd "$work/remote" && find . -type f | sort | sed 's/^/  /')

say "   Another person, whose consent stays"
run vaultctl beneficiary add --family-name "Nguyễn" --given-name "Văn An" --born 1971-02-11 --ref CCAS:2026-0418 \
    --to team:Accueil --purpose safekeeping --verbal --json >"$work/add2.json"
other=$(field id <"$work/add2.json")
run vaultctl document add "$other" "$work/scans/rib.png" --type rib --json >"$work/doc2.json"
kept=$(field id <"$work/doc2.json")
vaultctl card issue "$other" --json --reveal --yes | field identity >"$work/card2.txt"

say "4. A card for the person, and a document that only the card opens"
run vaultctl card issue "$person" --json --reveal --yes >"$work/card.json"
field identity <"$work/card.json" >"$work/card.txt"
run vaultctl document add "$person" "$work/scans/lettre.txt" --type other --title "Lettre personnelle" --private
run vaultctl beneficiary access "$person" --objects

say "5. Withdrawal"
consent=$(vaultctl consent list "$person" --json | field id)
run vaultctl consent withdraw "$consent" --yes --wait
run vaultctl beneficiary access "$person"
if vaultctl document add "$person" "$work/scans/rib.png" --type rib 2>"$work/refused"; then
    echo "a deposit without consent was accepted" >&2
    exit 1
fi
cat "$work/refused"

say "6. The workstation burns"
run vaultctl sync --wait
run vaultctl daemon stop
rm -rf "$VAULTCTL_HOME"

say "7. Stock age and a plain copy: with their cards, everything"
cp -r "$work/remote" "$work/copy"
mkdir "$work/restored"
find "$work/copy/v1/w" -path '*/d/*' -name '*.age' | while read -r f; do
    "$work/age" -d -i "$work/card.txt" -i "$work/card2.txt" -o "$work/restored/$(basename "$f" .age)" "$f"
done
for scan in "$work"/scans/*; do
    for got in "$work"/restored/*; do
        if same "$scan" "$got"; then
            echo "restored, same SHA-256: $(basename "$scan")"
            continue 2
        fi
    done
    echo "NOT restored: $(basename "$scan")" >&2
    exit 1
done

say "8. The organization again, from root words and two shares"
sed -n 's/.*"root_words":\[\([^]]*\)\].*/\1/p' "$work/init.json" | tr -d '"' | tr ',' ' ' >"$work/root.txt"
sed -n 's/.*"recovery":\[\([^]]*\)\].*/\1/p' "$work/init.json" | sed 's/","/"\n"/g' | tr -d '"' >"$work/shares.txt"
sed -n 1p "$work/shares.txt" >"$work/share-1.txt"
sed -n 3p "$work/shares.txt" >"$work/share-3.txt"
run vaultctl join --recover --remote "$work/remote" --root-words "$work/root.txt" \
    --share "$work/share-1.txt" --share "$work/share-3.txt" --agent "Paul Martin" --protect keyfile --yes
run vaultctl status
run vaultctl beneficiary list
run vaultctl document list "$other"
run vaultctl document get "$kept" -o "$work/again.png"
same "$work/scans/rib.png" "$work/again.png"
run vaultctl verify

say "Done: nothing was lost, and nobody without consent could read."
