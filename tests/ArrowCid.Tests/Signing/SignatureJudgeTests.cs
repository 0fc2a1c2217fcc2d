using System.Text;
using ArrowCid.Signing;
using ArrowCid.Tests.House;
using ArrowCid.Tests.Peers;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Signing;

/// <summary>Others verify our signatures, and we verify theirs.</summary>
public sealed class SignatureJudgeTests : IDisposable
{
    private const int Count = 20;

    private readonly TemporaryStore _folder = new();
    private readonly SigningKey _key = SigningKey.Create();

    public SignatureJudgeTests() => Directory.CreateDirectory(_folder.Directory);

    public void Dispose()
    {
        _folder.Dispose();
        _key.Dispose();
    }

    /// <summary>Their own code builds the list that is signed, from RFC 9052.</summary>
    [PeerFact(Peer.PythonCryptography)]
    public void Python_cryptography_verifies_ours_and_we_verify_its_own()
    {
        Write();
        string script = PathOf("judge.py");
        File.WriteAllText(script, """
            import sys
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives import hashes, serialization
            from cryptography.hazmat.primitives.asymmetric import ec
            from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
            folder, count = sys.argv[1], int(sys.argv[2])
            order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
            def data(n):
                head = b"\x58" + bytes([n]) if n < 256 else b"\x59" + n.to_bytes(2, "big")
                return bytes([0x40 | n]) if n < 24 else head
            def signed(point, payload):
                headers = b"\xa2\x01\x26\x04\x58\x21" + point
                return b"\x84\x6aSignature1" + data(len(headers)) + headers + b"\x40" + data(len(payload)) + payload
            public = serialization.load_pem_public_key(open(folder + "/me.pub", "rb").read())
            private = serialization.load_pem_private_key(open(folder + "/me.key", "rb").read(), None)
            point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
            for number in range(count):
                block = open(f"{folder}/{number}.cbor", "rb").read()
                cose = open(f"{folder}/{number}.cose", "rb").read()
                r, s = int.from_bytes(cose[-64:-32], "big"), int.from_bytes(cose[-32:], "big")
                assert s <= order // 2
                public.verify(encode_dss_signature(r, s), signed(point, block), ec.ECDSA(hashes.SHA256()))
                try:
                    public.verify(encode_dss_signature(r, s), signed(point, block + b"x"), ec.ECDSA(hashes.SHA256()))
                    raise SystemExit("a changed statement was taken")
                except InvalidSignature:
                    pass
                r, s = decode_dss_signature(private.sign(signed(point, block), ec.ECDSA(hashes.SHA256())))
                s = min(s, order - s)
                with open(f"{folder}/{number}.theirs", "wb") as file:
                    file.write(cose[:-64] + r.to_bytes(32, "big") + s.to_bytes(32, "big"))
            print("ok", count)
            """);
        PeerResult result = PeerProcess.Program("python3", script, _folder.Directory, $"{Count}");
        Assert.True(result is { ExitCode: 0, Lines: ["ok 20"] }, result.ToString());
        for (int i = 0; i < Count; i++)
        {
            byte[] block = File.ReadAllBytes(PathOf($"{i}.cbor")), theirs = File.ReadAllBytes(PathOf($"{i}.theirs"));
            Assert.Equal(SignatureState.Holds, SignedStatement.FromBytes(block, theirs).Check(out _));
            theirs[^1] ^= 1;
            Assert.Equal(SignatureState.Broken, SignedStatement.FromBytes(block, theirs).Check(out _));
        }
    }

    [PeerFact(Peer.OpenSsl)]
    public void Openssl_verifies_ours_and_refuses_a_changed_one()
    {
        Write();
        for (int i = 0; i < 4; i++)
        {
            PeerResult right = Verify(i);
            Assert.True(right.ExitCode == 0 && right.Output.Contains("Verified OK", StringComparison.Ordinal), right.ToString());
            foreach (string file in (string[])[PathOf($"{i}.cbor"), PathOf($"{i}.cose")])
            {
                byte[] bytes = File.ReadAllBytes(file);
                bytes[^1] ^= 1;
                File.WriteAllBytes(file, bytes);
                Assert.NotEqual(0, Verify(i).ExitCode);
                bytes[^1] ^= 1;
                File.WriteAllBytes(file, bytes);
            }
        }

        PeerResult Verify(int number) => PeerProcess.Program("/bin/sh", Repository.PathOf("interop/verify-statement"),
            PathOf($"{number}.cbor"), PathOf($"{number}.cose"), PathOf("me.pub"));
    }

    /// <summary>OpenSSL makes a key, and signs with it; we read the key, and what it signed holds.</summary>
    [PeerFact(Peer.OpenSsl)]
    public void Key_that_openssl_made_signs_and_its_public_half_is_the_same()
    {
        string path = PathOf("theirs.key");
        PeerResult made = PeerProcess.Program("/bin/sh", "-c", $"umask 077; openssl ecparam -name prime256v1 -genkey -noout -out {path}");
        Assert.True(made.ExitCode == 0, made.ToString());
        using SigningKey theirs = SigningKey.Load(path);
        PeerResult half = PeerProcess.Program("openssl", "ec", "-in", path, "-pubout");
        Assert.Equal(theirs.PublicKey, PublicKey.FromPem(half.Output));
        Assert.Equal(half.Output, theirs.PublicKey!.ToPem());
        Assert.True(theirs.PublicKey.Verify("x"u8, theirs.Sign("x"u8)));
    }

    /// <summary>OpenSSL signs the list of four, and we verify it.</summary>
    [PeerFact(Peer.OpenSsl)]
    public void Openssl_signs_what_we_verify()
    {
        Write();
        for (int i = 0; i < 4; i++)
        {
            byte[] block = File.ReadAllBytes(PathOf($"{i}.cbor")), cose = File.ReadAllBytes(PathOf($"{i}.cose"));
            byte[] length = block.Length < 256 ? [0x58, (byte)block.Length] : [0x59, (byte)(block.Length >> 8), (byte)block.Length];
            File.WriteAllBytes(PathOf("signed"), [0x84, 0x6a, .. "Signature1"u8, .. cose[2..43], 0x40, .. length, .. block]);
            PeerResult made = PeerProcess.Program("openssl", "dgst", "-sha256", "-sign", PathOf("me.key"), "-out", PathOf("der"), PathOf("signed"));
            Assert.True(made.ExitCode == 0, made.ToString());
            var reader = new System.Formats.Asn1.AsnReader(File.ReadAllBytes(PathOf("der")), System.Formats.Asn1.AsnEncodingRules.DER);
            System.Formats.Asn1.AsnReader pair = reader.ReadSequence();
            byte[] value = [.. Half(pair.ReadInteger()), .. Half(pair.ReadInteger())];
            ArrowCid.Signing.LowS.Make(value);
            byte[] theirs = [.. cose[..^64], .. value];
            Assert.Equal(SignatureState.Holds, SignedStatement.FromBytes(block, theirs).Check(out _));
            theirs[^40] ^= 1;
            Assert.Equal(SignatureState.Broken, SignedStatement.FromBytes(block, theirs).Check(out _));
        }

        static byte[] Half(System.Numerics.BigInteger number)
        {
            byte[] bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
            return [.. new byte[32 - bytes.Length], .. bytes];
        }
    }

    /// <summary>The module of the browser's page, which uses WebCrypto, in Node.js; and a signature by WebCrypto.</summary>
    [PeerFact(Peer.NodeCrypto)]
    public void Web_crypto_verifies_ours_and_we_verify_its_own()
    {
        Write();
        string script = PathOf("judge.mjs");
        File.WriteAllText(script, $$"""
            import { readFileSync, writeFileSync } from 'node:fs';
            import { verifyStatement } from '{{Repository.PathOf("interop/browser/signing.mjs")}}';
            const [folder, count] = process.argv.slice(2);
            const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
            const pem = readFileSync(`${folder}/me.key`, 'latin1').replace(/-----[A-Z ]+-----|\s/g, '');
            const key = await crypto.subtle.importKey('pkcs8', Buffer.from(pem, 'base64'), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
            for (let number = 0; number < Number(count); number++) {
              const block = new Uint8Array(readFileSync(`${folder}/${number}.cbor`));
              const cose = new Uint8Array(readFileSync(`${folder}/${number}.cose`));
              const said = await verifyStatement(block, cose);
              if (said.says.number !== `${number}`) throw new Error(JSON.stringify(said));
              for (const bytes of [block, cose]) {
                const at = Math.floor(Math.random() * bytes.length);
                bytes[at] ^= 1;
                if (await verifyStatement(block, cose).then(() => true, () => false)) throw new Error(`taken: byte ${at} of ${number}`);
                bytes[at] ^= 1;
              }
              const length = block.length < 256 ? [0x58, block.length] : [0x59, block.length >> 8, block.length & 255];
              const signed = Buffer.concat([Buffer.from([0x84, 0x6a]), Buffer.from('Signature1'), cose.subarray(2, 43), Buffer.from([0x40, ...length]), block]);
              const made = Buffer.from(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, signed));
              let s = BigInt('0x' + made.subarray(32).toString('hex'));
              if (s > order / 2n) s = order - s;
              writeFileSync(`${folder}/${number}.theirs`, Buffer.concat([cose.subarray(0, 47), made.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]));
            }
            console.log('ok', count);
            """);
        PeerResult result = PeerProcess.Node(script, _folder.Directory, $"{Count}");
        Assert.True(result is { ExitCode: 0, Lines: ["ok 20"] }, result.ToString());
        for (int i = 0; i < Count; i++)
        {
            var theirs = SignedStatement.FromBytes(File.ReadAllBytes(PathOf($"{i}.cbor")), File.ReadAllBytes(PathOf($"{i}.theirs")));
            Assert.Equal(SignatureState.Holds, theirs.Check(out _));
        }
    }

    /// <summary>Statements of growing length, their signatures, and the key.</summary>
    private void Write()
    {
        _key.Save(PathOf("me.key"));
        File.WriteAllText(PathOf("me.pub"), _key.PublicKey!.ToPem());
        for (int i = 0; i < Count; i++)
        {
            SignedStatement signed = SignedStatement.Sign(new Statement
            {
                Subject = Cid.Sha256(Multicodec.Raw, Encoding.UTF8.GetBytes($"{i}")),
                Time = DateTimeOffset.UnixEpoch.AddDays(i),
                Says = new Dictionary<string, string> { ["number"] = $"{i}", ["text"] = new string('é', i * 5) },
                Key = _key.Id,
            }, _key);
            File.WriteAllBytes(PathOf($"{i}.cbor"), signed.Block.Span);
            File.WriteAllBytes(PathOf($"{i}.cose"), signed.Signature.Span);
        }
    }

    private string PathOf(string name) => Path.Combine(_folder.Directory, name);
}
