using System.Buffers.Binary;
using System.Numerics;

namespace ArrowCid.Channels.Sds;

/// <summary>FarmHash's 64-bit fingerprint, which is <c>hash(string)</c> of Nim 2.2 on 64-bit machines.</summary>
internal static class FarmHash
{
    private const ulong K0 = 0xc3a5c85c97cb3127, K1 = 0xb492b66fbe98f273, K2 = 0x9ae16a3b2f90404f, Seed = 81;

    /// <summary>Hashes bytes.</summary>
    public static ulong Hash(ReadOnlySpan<byte> s) => s.Length switch
    {
        <= 16 => HashUpTo16(s),
        <= 32 => HashUpTo32(s),
        <= 64 => HashUpTo64(s),
        _ => HashLong(s),
    };

    private static ulong HashUpTo16(ReadOnlySpan<byte> s)
    {
        int n = s.Length;
        ulong mul = K2 + (2 * (ulong)n);
        if (n >= 8)
        {
            ulong a = U64(s, 0) + K2, b = U64(s, n - 8);
            return Mix((Right(b, 37) * mul) + a, (Right(a, 25) + b) * mul, mul);
        }

        if (n >= 4) return Mix((ulong)n + ((ulong)U32(s, 0) << 3), U32(s, n - 4), mul);
        if (n == 0) return K2;
        uint y = s[0] + ((uint)s[n >> 1] << 8), z = (uint)n + ((uint)s[n - 1] << 2);
        return Shift((y * K2) ^ (z * K0)) * K2;
    }

    private static ulong HashUpTo32(ReadOnlySpan<byte> s)
    {
        int n = s.Length;
        ulong mul = K2 + (2 * (ulong)n);
        ulong a = U64(s, 0) * K1, b = U64(s, 8), c = U64(s, n - 8) * mul, d = U64(s, n - 16) * K2;
        return Mix(Right(a + b, 43) + Right(c, 30) + d, a + Right(b + K2, 18) + c, mul);
    }

    private static ulong HashUpTo64(ReadOnlySpan<byte> s)
    {
        int n = s.Length;
        ulong mul = K2 + (2 * (ulong)n);
        ulong a = U64(s, 0) * K2, b = U64(s, 8), c = U64(s, n - 8) * mul, d = U64(s, n - 16) * K2;
        ulong y = Right(a + b, 43) + Right(c, 30) + d;
        ulong z = Mix(y, a + Right(b + K2, 18) + c, mul);
        ulong e = U64(s, 16) * mul, f = U64(s, 24), g = (y + U64(s, n - 32)) * mul, h = (z + U64(s, n - 24)) * mul;
        return Mix(Right(e + f, 43) + Right(g, 30) + h, e + Right(f + a, 18) + g, mul);
    }

    private static ulong HashLong(ReadOnlySpan<byte> s)
    {
        ulong x = Seed, y = unchecked((Seed * K1) + 113), z = Shift((y * K2) + 113) * K2;
        (ulong First, ulong Second) v = (0, 0), w = (0, 0);
        x = (x * K2) + U64(s, 0);
        int end = (s.Length - 1) / 64 * 64, last = s.Length - 64, at = 0;
        do
        {
            x = Right(x + y + v.First + U64(s, at + 8), 37) * K1;
            y = Right(y + v.Second + U64(s, at + 48), 42) * K1;
            x ^= w.Second;
            y += v.First + U64(s, at + 40);
            z = Right(z + w.First, 33) * K1;
            v = Weak(s, at, v.Second * K1, x + w.First);
            w = Weak(s, at + 32, z + w.Second, y + U64(s, at + 16));
            (x, z) = (z, x);
            at += 64;
        }
        while (at != end);

        ulong mul = K1 + ((z & 0xff) << 1);
        w.First += (ulong)((s.Length - 1) & 63);
        v.First += w.First;
        w.First += v.First;
        x = Right(x + y + v.First + U64(s, last + 8), 37) * mul;
        y = Right(y + v.Second + U64(s, last + 48), 42) * mul;
        x ^= w.Second * 9;
        y += (v.First * 9) + U64(s, last + 40);
        z = Right(z + w.First, 33) * mul;
        v = Weak(s, last, v.Second * mul, x + w.First);
        w = Weak(s, last + 32, z + w.Second, y + U64(s, last + 16));
        (x, z) = (z, x);
        return Mix(Mix(v.First, w.First, mul) + (Shift(y) * K0) + z, Mix(v.Second, w.Second, mul) + x, mul);
    }

    private static (ulong First, ulong Second) Weak(ReadOnlySpan<byte> s, int at, ulong a, ulong b)
    {
        ulong x = U64(s, at + 8), y = U64(s, at + 16), z = U64(s, at + 24);
        a += U64(s, at);
        b = Right(b + a + z, 21);
        ulong c = a;
        a += x + y;
        b += Right(a, 44);
        return (a + z, b + c);
    }

    private static ulong Mix(ulong u, ulong v, ulong mul)
    {
        ulong a = Shift((u ^ v) * mul), b = (v ^ a) * mul;
        return Shift(b) * mul;
    }

    private static ulong Shift(ulong value) => value ^ (value >> 47);

    private static ulong Right(ulong value, int bits) => BitOperations.RotateRight(value, bits);

    private static ulong U64(ReadOnlySpan<byte> s, int at) => BinaryPrimitives.ReadUInt64LittleEndian(s[at..]);

    private static uint U32(ReadOnlySpan<byte> s, int at) => BinaryPrimitives.ReadUInt32LittleEndian(s[at..]);
}
