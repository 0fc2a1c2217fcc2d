using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>A 32-byte digest, held inline.</summary>
[StructLayout(LayoutKind.Sequential, Size = ByteCount)]
internal readonly struct Digest256 : IEquatable<Digest256>
{
    public const int ByteCount = 32;

    private readonly ulong _a, _b, _c, _d;

    public Digest256(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, ByteCount);
        this = MemoryMarshal.Read<Digest256>(bytes);
    }

    /// <summary>The digest's 32 bytes. The span is valid while the struct that it was taken from is.</summary>
    public static ReadOnlySpan<byte> Bytes(ref readonly Digest256 digest) =>
        // SAFETY: the struct is 32 bytes of plain numbers; the compiler ties the span's lifetime to the reference.
        MemoryMarshal.AsBytes(new ReadOnlySpan<Digest256>(in digest));

    public void CopyTo(Span<byte> destination) => MemoryMarshal.Write(destination, in this);

    public bool Equals(Digest256 other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    public override bool Equals(object? obj) => obj is Digest256 other && Equals(other);

    public override int GetHashCode() => Unsafe.BitCast<ulong, long>(_a).GetHashCode();

    public override string ToString() => Convert.ToHexStringLower(Bytes(in this));

    public static bool operator ==(Digest256 left, Digest256 right) => left.Equals(right);

    public static bool operator !=(Digest256 left, Digest256 right) => !left.Equals(right);
}
