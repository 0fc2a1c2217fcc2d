using System.Security.Cryptography;
using System.Text;
using ArrowCid.Memory;

namespace ArrowCid.Signing;

/// <summary>
/// A secret key that signs: ECDSA over P-256 (ES256), whose signatures anybody can verify, or HMAC, whose tags only
/// holders of the secret can (<c>Signing/SIGNING.md</c>). A key of P-256 is a file in PEM that OpenSSL and the server's
/// tokens use too. For any number of threads; disposing of it erases nothing but ends its use.
/// </summary>
public sealed class SigningKey : IDisposable
{
    /// <summary>The beginning of the id of a shared secret.</summary>
    public const string SharedPrefix = "hmac:";

    private const string SharedLabel = "ARROWCID HMAC KEY";
    private const int SharedBytes = 32;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode OfOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite |
        UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly Lock _gate = new();
    private readonly ECDsa? _key;
    private readonly bool _isOwned;
    private readonly byte[]? _secret;
    private readonly byte[] _id;

    private SigningKey(ECDsa key, bool isOwned)
    {
        (_key, _isOwned, PublicKey) = (key, isOwned, PublicKey.Of(key));
        (_id, Id) = (PublicKey.Bytes.ToArray(), PublicKey.Text);
    }

    private SigningKey(byte[] secret)
    {
        _secret = secret;
        _id = HMACSHA256.HashData(secret, "arrowcid/key-id"u8)[..CoseFormat.SharedKeyBytes];
        Id = SharedPrefix + Multibase.Encode(Multibase.Base32, _id)[1..];
    }

    /// <summary>What statements call the key: the text of the public key, or <c>hmac:</c> and an id of the
    /// secret.</summary>
    public string Id { get; }

    /// <summary>The public half; null for a shared secret.</summary>
    public PublicKey? PublicKey { get; }

    /// <summary>Whether it is a shared secret, which makes a COSE_Mac0.</summary>
    public bool IsShared => _secret is not null;

    /// <summary>Makes a new key of P-256.</summary>
    /// <returns>The key.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: OpenSSL is not
    /// installed.</exception>
    public static SigningKey Create()
    {
        SigningSupport.Require();
        return new SigningKey(ECDsa.Create(ECCurve.NamedCurves.nistP256), isOwned: true);
    }

    /// <summary>Makes a new shared secret for HMAC.</summary>
    /// <returns>The key.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: OpenSSL is not
    /// installed.</exception>
    public static SigningKey CreateShared()
    {
        SigningSupport.Require();
        return new SigningKey(RandomNumberGenerator.GetBytes(SharedBytes));
    }

    /// <summary>Signs with a key of the framework, which may be in a device.</summary>
    /// <param name="key">A private key of P-256. It stays the caller's, and is used by one thread at a time.</param>
    /// <returns>The key, to be disposed of before the other.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: it is of another curve.</exception>
    public static SigningKey Of(ECDsa key) => new(key, isOwned: false);

    /// <summary>Reads a key from the text of a file.</summary>
    /// <param name="pem">PEM: <c>PRIVATE KEY</c> (PKCS #8), <c>EC PRIVATE KEY</c>, or <c>ARROWCID HMAC KEY</c>.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: there is no such key;
    /// <see cref="ErrorCode.Unsupported"/>: it is of another curve, or OpenSSL is not installed.</exception>
    public static SigningKey FromPem(string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        SigningSupport.Require();
        if (TrySecret(pem) is { } secret) return new SigningKey(secret);
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (!IsPrivate(key)) throw new ArrowCidException(ErrorCode.InvalidData, "a public key, which cannot sign");
            return new SigningKey(key, isOwned: true);
        }
        catch (Exception e)
        {
            key.Dispose();
            if (e is not (ArgumentException or CryptographicException)) throw;
            throw new ArrowCidException(ErrorCode.InvalidData, $"no private key of P-256 in PEM: {e.Message}", e);
        }
    }

    /// <summary>Reads a key file. It is refused where anybody but its owner may read or write it.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>: others have access;
    /// <see cref="ErrorCode.Io"/>: it cannot be read; others as for <see cref="FromPem"/>.</exception>
    public static SigningKey Load(string path)
    {
        const int MostBytes = 1 << 16;
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (OperatingSystem.IsWindows()) throw NoModes();
        try
        {
            using FileStream file = File.OpenRead(path);
            UnixFileMode mode = File.GetUnixFileMode(file.SafeFileHandle);
            if ((mode & OfOthers) != 0)
            {
                throw new ArrowCidException(ErrorCode.AccessDenied,
                    $"{path}: other users have access to this secret key (mode {Convert.ToString((int)mode, 8)})")
                {
                    Remedy = new Remedy(RemedyKind.RestrictKeyAccess, path),
                };
            }

            byte[] bytes = new byte[MostBytes];
            int count = file.ReadAtLeast(bytes, MostBytes, throwOnEndOfStream: false);
            return FromPem(Encoding.UTF8.GetString(bytes, 0, count));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArrowCidException(ErrorCode.Io, $"the key cannot be read: {e.Message}", e);
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.InvalidData or ErrorCode.Unsupported)
        {
            throw new ArrowCidException(e.Code, $"{path}: {e.Message}", e);
        }
    }

    /// <summary>Writes the key to a new file that only its owner may read (mode 0600).</summary>
    /// <param name="path">The file, which must not exist.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameExists"/>: there is such a file;
    /// <see cref="ErrorCode.Io"/>: it cannot be written; <see cref="ErrorCode.Unsupported"/>: the key is in a device,
    /// and does not leave it.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (OperatingSystem.IsWindows()) throw NoModes();
        byte[] pem = Encoding.UTF8.GetBytes(ToPem());
        try
        {
            using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = OwnerOnly,
            });
            file.Write(pem);
            file.Flush(flushToDisk: true);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new ArrowCidException(ErrorCode.NameExists, $"{path} exists; a key is never overwritten");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArrowCidException(ErrorCode.Io, $"the key cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Signs bytes.</summary>
    /// <param name="payload">The bytes.</param>
    /// <returns>A detached signature in COSE: 111 bytes of COSE_Sign1 with a low s, or 60 of COSE_Mac0.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: the device that has the key failed.</exception>
    public byte[] Sign(ReadOnlySpan<byte> payload)
    {
        if (_secret is not null)
            return CoseFormat.Write(CoseKind.Mac0, _id, CoseFormat.Tag(_secret, _id, payload));
        Digest256 hash = CoseFormat.HashToSign(_id, payload);
        byte[] signature;
        try
        {
            lock (_gate)
            {
                signature = _key!.SignHash(Digest256.Bytes(in hash).ToArray(),
                    DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            }
        }
        catch (CryptographicException e)
        {
            throw new ArrowCidException(ErrorCode.Io, $"the key {Id} cannot sign: {e.Message}", e);
        }

        LowS.Make(signature);
        return CoseFormat.Write(CoseKind.Sign1, _id, signature);
    }

    /// <summary>Verifies a signature of this key.</summary>
    /// <param name="payload">The signed bytes.</param>
    /// <param name="signature">The signature in COSE.</param>
    /// <returns>True where this key made it of these bytes.</returns>
    public bool Verify(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature)
    {
        if (PublicKey is { } key) return key.Verify(payload, signature);
        return CoseFormat.TryRead(CoseKind.Mac0, signature, out ReadOnlySpan<byte> id, out ReadOnlySpan<byte> tag) &&
            id.SequenceEqual(_id) &&
            CryptographicOperations.FixedTimeEquals(tag, CoseFormat.Tag(_secret, id, payload));
    }

    /// <summary>Ends the use of the key.</summary>
    public void Dispose()
    {
        if (_isOwned) _key?.Dispose();
        if (_secret is not null) CryptographicOperations.ZeroMemory(_secret);
    }

    /// <summary>The id, never the secret.</summary>
    /// <returns><see cref="Id"/>.</returns>
    public override string ToString() => Id;

    private static ArrowCidException NoModes() => new(ErrorCode.Unsupported,
        "key files need the file modes of Unix; read the key and give its text");

    private string ToPem()
    {
        if (_secret is not null) return PemEncoding.WriteString(SharedLabel, _secret) + "\n";
        try
        {
            return _key!.ExportPkcs8PrivateKeyPem() + "\n";
        }
        catch (CryptographicException e)
        {
            throw new ArrowCidException(ErrorCode.Unsupported, $"the key {Id} does not leave its device", e);
        }
    }

    private static byte[]? TrySecret(string pem)
    {
        if (!PemEncoding.TryFind(pem, out PemFields fields) || !pem.AsSpan()[fields.Label].SequenceEqual(SharedLabel))
            return null;
        byte[] secret = new byte[fields.DecodedDataLength];
        return Convert.TryFromBase64Chars(pem.AsSpan()[fields.Base64Data], secret, out int length) &&
            length == SharedBytes
            ? secret
            : throw new ArrowCidException(ErrorCode.InvalidData, $"a shared key has {SharedBytes} bytes");
    }

    private static bool IsPrivate(ECDsa key)
    {
        try
        {
            return key.ExportParameters(includePrivateParameters: true).D is not null;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
