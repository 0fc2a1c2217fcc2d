using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace ArrowCid.Memory;

/// <summary>
/// SHA-256 without the per-call cost of the EVP layer: libcrypto's low-level functions where they can be loaded, else
/// the BCL, or plain C# without OpenSSL. One instance hashes one message at a time and is not for concurrent use.
/// </summary>
internal sealed unsafe partial class Sha256
{
    // SHA256_CTX is 112 bytes in OpenSSL 1.1 and 3; the rest is for a library that needs more.
    private const int ContextBytes = 256;

    // Up to this number of bytes a call is short enough for the garbage collector to wait for it (about 2 us).
    private const int QuickBytes = 2 * 1024;

    private static readonly bool s_native = ProbeNative();
    private readonly byte[]? _context;
    private readonly IncrementalHash? _managed;
    private readonly Sha256Scalar? _scalar;

    public Sha256()
    {
        if (s_native)
        {
            _context = GC.AllocateArray<byte>(ContextBytes, pinned: true);
            Reset();
        }
        else if (!OpenSsl.IsThere)
        {
            _scalar = new Sha256Scalar();
        }
        else
        {
            _managed = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        }
    }

    [SkipLocalsInit]
    public static Digest256 Hash(ReadOnlySpan<byte> bytes)
    {
        byte* target = stackalloc byte[Digest256.ByteCount];
        if (!s_native && !OpenSsl.IsThere) return Sha256Scalar.Hash(bytes);
        if (!s_native || (bytes.Length >= 1 << 16 && OpenSsl.IsThere))
        {
            SHA256.HashData(bytes, new Span<byte>(target, Digest256.ByteCount));
        }
        else
        {
            // SAFETY: target has the 32 bytes that are written, and bytes is pinned for the call.
            fixed (byte* source = bytes) HashNative(source, bytes.Length, target);
        }

        return new Digest256(new ReadOnlySpan<byte>(target, Digest256.ByteCount));
    }

    public void Reset()
    {
        // SAFETY: the context is a pinned array that holds SHA256_CTX.
        if (_context is not null) Begin(Pointer(_context));
        else if (_scalar is not null) _scalar.Reset();
        else _ = _managed!.TryGetHashAndReset(stackalloc byte[Digest256.ByteCount], out _);
    }

    /// <summary>Goes on from where <paramref name="other"/> stands, which stays as it is.</summary>
    /// <returns>False where the implementation in use cannot copy a state.</returns>
    public bool TryCopyStateFrom(Sha256 other)
    {
        if (_scalar is not null && other._scalar is not null)
        {
            _scalar.CopyFrom(other._scalar);
            return true;
        }

        if (_context is null || other._context is null) return false;
        other._context.CopyTo(_context, 0);
        return true;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_context is null)
        {
            if (_scalar is not null) _scalar.Append(bytes);
            else _managed!.AppendData(bytes);
            return;
        }

        // SAFETY: bytes is pinned for the call; libcrypto reads exactly its length.
        fixed (byte* source = bytes) Take(Pointer(_context), source, bytes.Length);
    }

    /// <summary>Ends the message; the instance is ready for the next one.</summary>
    public Digest256 Finish()
    {
        Span<byte> digest = stackalloc byte[Digest256.ByteCount];
        if (_scalar is not null) return _scalar.Finish();
        if (_context is null)
        {
            _ = _managed!.GetHashAndReset(digest);
        }
        else
        {
            // SAFETY: digest is on the stack and holds the 32 bytes that Final writes.
            fixed (byte* target = digest) End(target, Pointer(_context));
            Reset();
        }

        return new Digest256(digest);
    }

    // Calls without a transition are resolved when the method that has them is compiled, and libcrypto may not be
    // installed: so they are in methods of their own, which are compiled only once it was found.

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void HashNative(byte* source, int length, byte* target)
    {
        byte* context = stackalloc byte[ContextBytes];
        // SAFETY: context holds SHA256_CTX, which Init fills; the caller has length bytes, and space for 32.
        _ = Init(context);
        if (length <= QuickBytes) _ = UpdateQuickly(context, source, (nuint)length);
        else _ = Update(context, source, (nuint)length);
        _ = Final(target, context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Begin(byte* context) => _ = Init(context);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void End(byte* target, byte* context) => _ = Final(target, context);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Take(byte* context, byte* source, int length)
    {
        if (length <= QuickBytes) _ = UpdateQuickly(context, source, (nuint)length);
        else _ = Update(context, source, (nuint)length);
    }

    private static byte* Pointer(byte[] pinned) => (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);

    private static bool ProbeNative()
    {
        try
        {
            return IsNativeRight();
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsNativeRight()
    {
        byte* context = stackalloc byte[ContextBytes];
        Span<byte> digest = stackalloc byte[Digest256.ByteCount];
        // SAFETY: as in HashNative; the message is empty.
        fixed (byte* target = digest)
        {
            if (Init(context) != 1 || Update(context, context, 0) != 1 || Final(target, context) != 1) return false;
        }

        return new Digest256(digest) == Sha256Scalar.Hash([]);
    }

    [LibraryImport("libcrypto.so.3", EntryPoint = "SHA256_Init")]
    [SuppressGCTransition]
    private static partial int Init(byte* context);

    [LibraryImport("libcrypto.so.3", EntryPoint = "SHA256_Update")]
    private static partial int Update(byte* context, byte* data, nuint length);

    [LibraryImport("libcrypto.so.3", EntryPoint = "SHA256_Update")]
    [SuppressGCTransition]
    private static partial int UpdateQuickly(byte* context, byte* data, nuint length);

    [LibraryImport("libcrypto.so.3", EntryPoint = "SHA256_Final")]
    [SuppressGCTransition]
    private static partial int Final(byte* digest, byte* context);
}
