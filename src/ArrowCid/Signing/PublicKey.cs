using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using ArrowCid.Memory;

namespace ArrowCid.Signing;

/// <summary>
/// A public key of ECDSA over P-256, which verifies signatures (<c>Signing/SIGNING.md</c>). Its text, such as
/// <c>p256:aj…</c>, is the whole key: who has the text needs no file. For any number of threads.
/// </summary>
public sealed class PublicKey : IEquatable<PublicKey>
{
    /// <summary>The number of bytes of a compressed point.</summary>
    public const int ByteCount = 33;

    /// <summary>The beginning of the text of a key.</summary>
    public const string Prefix = "p256:";

    private const int CoordinateBytes = 32;
    private const int MostKnown = 4096;
    private const string Curve = "1.2.840.10045.3.1.7";

    private static readonly BigInteger s_prime =
        Number("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
    private static readonly BigInteger s_b =
        Number("5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B");
    private static readonly ConcurrentDictionary<string, PublicKey> s_known = new(StringComparer.Ordinal);

    private readonly byte[] _point;
    private readonly ECParameters _parameters;
    // An object of the framework serves one thread at a time.
    private readonly ConcurrentBag<ECDsa> _idle = [];

    private PublicKey(byte[] point, ECPoint q)
    {
        _point = point;
        _parameters = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = q };
        Text = Prefix + Multibase.Encode(Multibase.Base32, point)[1..];
    }

    /// <summary>The key as text: <c>p256:</c> and the compressed point in base32 of lower case without
    /// padding.</summary>
    public string Text { get; }

    /// <summary>The 32 bytes of y.</summary>
    internal ReadOnlySpan<byte> Y => _parameters.Q.Y;

    /// <summary>The compressed point: 02 or 03, and the 32 bytes of x.</summary>
    public ReadOnlySpan<byte> Bytes => _point;

    /// <summary>Reads the text of a key.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is none.</exception>
    public static PublicKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out PublicKey? key) ? key : throw new ArrowCidException(ErrorCode.InvalidArgument,
            $"'{Cid.Shorten(text)}' is no public key; one is {Prefix} and 53 characters of base32");
    }

    /// <summary>Reads the text of a key.</summary>
    /// <param name="text">The text.</param>
    /// <param name="key">The key, or null.</param>
    /// <returns>False where it is none.</returns>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        const int TextBytes = 53;
        if (text is null || text.Length != Prefix.Length + TextBytes ||
            !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        if (s_known.TryGetValue(text, out key)) return true;
        // The last character has spare bits, and capitals are another text of the same bytes: one key has one text.
        if (!Multibase.TryDecode(Multibase.Base32 + text[Prefix.Length..], out byte[] point, out _) ||
            !TryFromBytes(point, out key) || key.Text != text)
        {
            key = null;
            return false;
        }

        // A table that forgets everything rather than grow without end: it only saves work.
        if (s_known.Count >= MostKnown) s_known.Clear();
        s_known[text] = key;
        return true;
    }

    /// <summary>Reads a compressed point.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="key">The key, or null.</param>
    /// <returns>False where they are no point of the curve.</returns>
    public static bool TryFromBytes(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        if (bytes.Length != ByteCount || bytes[0] is not (2 or 3)) return false;
        var x = new BigInteger(bytes[1..], isUnsigned: true, isBigEndian: true);
        if (x >= s_prime) return false;
        BigInteger square = ((x * x * x) - (3 * x) + s_b) % s_prime;
        if (square.Sign < 0) square += s_prime;
        BigInteger y = BigInteger.ModPow(square, (s_prime + 1) / 4, s_prime);
        if (y * y % s_prime != square) return false;
        if (y.IsEven != (bytes[0] == 2)) y = s_prime - y;
        byte[] xBytes = bytes[1..].ToArray(), yBytes = new byte[CoordinateBytes];
        int length = y.GetByteCount(isUnsigned: true);
        if (!y.TryWriteBytes(yBytes.AsSpan(CoordinateBytes - length), out _, isUnsigned: true, isBigEndian: true))
            return false;
        key = new PublicKey(bytes.ToArray(), new ECPoint { X = xBytes, Y = yBytes });
        return true;
    }

    /// <summary>Reads a public key, or the public half of a private one, from PEM.</summary>
    /// <param name="pem">The text of a file: <c>PUBLIC KEY</c>, <c>PRIVATE KEY</c> or <c>EC PRIVATE KEY</c>.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: there is no key of P-256;
    /// <see cref="ErrorCode.Unsupported"/>: OpenSSL is not installed.</exception>
    public static PublicKey FromPem(string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        SigningSupport.Require();
        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(pem);
            return Of(key);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new ArrowCidException(ErrorCode.InvalidData, $"no key of P-256 in PEM: {e.Message}", e);
        }
    }

    /// <summary>The public half of a key of the framework.</summary>
    /// <param name="key">The key, which is not kept.</param>
    /// <returns>The public key.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: it is of another curve.</exception>
    public static PublicKey Of(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        bool isP256 = key.KeySize == 256 &&
            (parameters.Curve.Oid?.Value is Curve || parameters.Curve.Oid?.FriendlyName is "nistP256");
        if (!isP256 || parameters.Q is not { X: { } x, Y: { } y })
            throw new ArrowCidException(ErrorCode.Unsupported, "a key of another curve than P-256");
        return new PublicKey([(byte)(2 + (y[^1] & 1)), .. x], parameters.Q);
    }

    /// <summary>The key in PEM (<c>PUBLIC KEY</c>), as servers, OpenSSL and other programs read it.</summary>
    /// <returns>The text, which ends with a line feed.</returns>
    public string ToPem()
    {
        ECDsa key = Take();
        try
        {
            return key.ExportSubjectPublicKeyInfoPem() + "\n";
        }
        finally
        {
            _idle.Add(key);
        }
    }

    /// <summary>Verifies a detached signature in COSE (COSE_Sign1, RFC 9052) with the algorithm ES256 and a low
    /// s.</summary>
    /// <param name="payload">The signed bytes.</param>
    /// <param name="signature">The signature.</param>
    /// <returns>True where this key made it of these bytes.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: OpenSSL is not
    /// installed.</exception>
    public bool Verify(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature) =>
        CoseFormat.TryRead(CoseKind.Sign1, signature, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) &&
        key.SequenceEqual(_point) && VerifyHash(CoseFormat.HashToSign(key, payload), value);

    /// <inheritdoc/>
    public bool Equals(PublicKey? other) => other is not null && Text == other.Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <summary>The key as text.</summary>
    /// <returns><see cref="Text"/>.</returns>
    public override string ToString() => Text;

    private bool VerifyHash(Digest256 hash, ReadOnlySpan<byte> value)
    {
        if (!LowS.Holds(value)) return false;
        ECDsa key = Take();
        try
        {
            return key.VerifyHash(Digest256.Bytes(in hash), value, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        finally
        {
            _idle.Add(key);
        }
    }

    /// <summary>An object of the framework for this thread, to be put back.</summary>
    private ECDsa Take()
    {
        if (_idle.TryTake(out ECDsa? key)) return key;
        SigningSupport.Require();
        return ECDsa.Create(_parameters);
    }

    private static BigInteger Number(string hex) =>
        new(Convert.FromHexString(hex), isUnsigned: true, isBigEndian: true);
}
