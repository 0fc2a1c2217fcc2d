using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>The keyed hash of one session: SipHash-2-4 of a digest. The key is drawn by both sides, so that no one can
/// prepare digests that collide (<c>SYNC.md</c>, Hash).</summary>
internal readonly record struct SyncHash
{
    /// <summary>The bytes of a side's part of the key.</summary>
    public const int NonceBytes = 32;

    private const int KeyBytes = 16;

    private readonly ulong _k0;
    private readonly ulong _k1;

    /// <summary>Derives the key from the random bytes of both sides.</summary>
    public SyncHash(ReadOnlySpan<byte> client, ReadOnlySpan<byte> server)
    {
        Span<byte> key = stackalloc byte[SHA256.HashSizeInBytes];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("arrowcid/sync/1"u8);
        hash.AppendData(client);
        hash.AppendData(server);
        _ = hash.GetHashAndReset(key);
        _k0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        _k1 = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]);
    }

    /// <summary>The key, for vectors.</summary>
    public string Key
    {
        get
        {
            Span<byte> key = stackalloc byte[KeyBytes];
            BinaryPrimitives.WriteUInt64LittleEndian(key, _k0);
            BinaryPrimitives.WriteUInt64LittleEndian(key[8..], _k1);
            return Convert.ToHexStringLower(key);
        }
    }

    /// <summary>The hash of a digest.</summary>
    public ulong Of(in Digest256 digest)
    {
        ReadOnlySpan<byte> bytes = Digest256.Bytes(in digest);
        ulong a = _k0 ^ 0x736f6d6570736575, b = _k1 ^ 0x646f72616e646f6d;
        ulong c = _k0 ^ 0x6c7967656e657261, d = _k1 ^ 0x7465646279746573;
        for (int at = 0; at < Digest256.ByteCount; at += sizeof(ulong))
            Absorb(ref a, ref b, ref c, ref d, BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]));
        Absorb(ref a, ref b, ref c, ref d, (ulong)Digest256.ByteCount << 56);
        c ^= 0xff;
        for (int i = 0; i < 4; i++) Round(ref a, ref b, ref c, ref d);
        return a ^ b ^ c ^ d;
    }

    private static void Absorb(ref ulong a, ref ulong b, ref ulong c, ref ulong d, ulong word)
    {
        d ^= word;
        Round(ref a, ref b, ref c, ref d);
        Round(ref a, ref b, ref c, ref d);
        a ^= word;
    }

    private static void Round(ref ulong a, ref ulong b, ref ulong c, ref ulong d)
    {
        a += b;
        b = BitOperations.RotateLeft(b, 13) ^ a;
        a = BitOperations.RotateLeft(a, 32);
        c += d;
        d = BitOperations.RotateLeft(d, 16) ^ c;
        a += d;
        d = BitOperations.RotateLeft(d, 21) ^ a;
        c += b;
        b = BitOperations.RotateLeft(b, 17) ^ c;
        c = BitOperations.RotateLeft(c, 32);
    }
}
