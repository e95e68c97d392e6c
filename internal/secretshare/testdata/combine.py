# Combines shares without the program that made them: python3 combine.py WORDLIST <shares.txt
# WORDLIST is the BIP-39 list of the language on the shares. Prints the secret as hexadecimal, then as an age identity.
import re, sys, unicodedata
P = 2**252 + 27742317777372353535851937790883648493
plain = lambda text: unicodedata.normalize("NFKD", text)
LIST = plain(open(sys.argv[1], encoding="utf-8").read()).split()
shares = {}
for i, words in re.findall(r"vault-share-(\d+)-of-\S+\s+((?:\S+\s+){24})", plain(sys.stdin.buffer.read().decode("utf-8")) + "\n"):
    bits = sum(LIST.index(w) << 11 * (23 - n) for n, w in enumerate(words.split()))
    shares[int(i)] = int.from_bytes((bits >> 8).to_bytes(32, "big"), "little")
secret = 0
for i, y in shares.items():
    for j in shares:
        if j != i:
            y = y * j * pow(j - i, -1, P) % P
    secret = (secret + y) % P
seed = secret.to_bytes(32, "little")
print(seed.hex())

# The age identity is the secret in Bech32 (BIP-173).
def checksum(values, c=1):
    for v in values:
        top, c = c >> 25, (c & 0x1FFFFFF) << 5 ^ v
        for n, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            c ^= g * (top >> n & 1)
    return c ^ 1
HRP, DIGITS = "age-secret-key-pq-", "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
bits = int.from_bytes(seed, "big") << 4
data = [bits >> 5 * (51 - n) & 31 for n in range(52)]
sum6 = checksum([ord(c) >> 5 for c in HRP] + [0] + [ord(c) & 31 for c in HRP] + data + [0] * 6)
print((HRP + "1" + "".join(DIGITS[v] for v in data + [sum6 >> 5 * (5 - n) & 31 for n in range(6)])).upper())
