using System.Buffers.Binary;
using System.Numerics;

namespace ArrowCid.Memory;

/// <summary>SHA-256 (FIPS 180-4) in plain C#, for machines without OpenSSL. One instance hashes one message at a time
/// and is not for concurrent use.</summary>
internal sealed class Sha256Scalar
{
    private const int BlockBytes = 64, StateWords = 8, Rounds = 64, BlockWords = 16, LengthBytes = 8;

    private readonly uint[] _state = new uint[StateWords];
    private readonly byte[] _block = new byte[BlockBytes];
    private ulong _length;

    public Sha256Scalar() => Reset();

    /// <summary>Hashes a message.</summary>
    public static Digest256 Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = new Sha256Scalar();
        hash.Append(bytes);
        return hash.Finish();
    }

    public void Reset()
    {
        Sha256Lanes.Start.CopyTo(_state);
        _length = 0;
    }

    public void CopyFrom(Sha256Scalar other)
    {
        other._state.CopyTo(_state, 0);
        other._block.CopyTo(_block, 0);
        _length = other._length;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        int held = (int)(_length % BlockBytes);
        _length += (ulong)bytes.Length;
        if (held > 0)
        {
            int taken = Math.Min(BlockBytes - held, bytes.Length);
            bytes[..taken].CopyTo(_block.AsSpan(held));
            bytes = bytes[taken..];
            if (held + taken < BlockBytes) return;
            Compress(_state, _block);
        }

        for (; bytes.Length >= BlockBytes; bytes = bytes[BlockBytes..]) Compress(_state, bytes);
        bytes.CopyTo(_block);
    }

    /// <summary>Ends the message; the instance is ready for the next one.</summary>
    public Digest256 Finish()
    {
        const byte End = 0x80;
        int held = (int)(_length % BlockBytes);
        Span<byte> tail = stackalloc byte[2 * BlockBytes];
        tail.Clear();
        _block.AsSpan(0, held).CopyTo(tail);
        tail[held] = End;
        int bytes = held + 1 + LengthBytes <= BlockBytes ? BlockBytes : 2 * BlockBytes;
        BinaryPrimitives.WriteUInt64BigEndian(tail[(bytes - LengthBytes)..], _length * 8);
        for (int at = 0; at < bytes; at += BlockBytes) Compress(_state, tail[at..]);
        Span<byte> digest = stackalloc byte[Digest256.ByteCount];
        for (int i = 0; i < StateWords; i++) BinaryPrimitives.WriteUInt32BigEndian(digest[(4 * i)..], _state[i]);
        Reset();
        return new Digest256(digest);
    }

    private static void Compress(uint[] state, ReadOnlySpan<byte> block)
    {
        Span<uint> words = stackalloc uint[Rounds];
        for (int i = 0; i < BlockWords; i++) words[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * i)..]);
        for (int i = BlockWords; i < Rounds; i++)
        {
            uint early = words[i - 15], late = words[i - 2];
            uint first = BitOperations.RotateRight(early, 7) ^ BitOperations.RotateRight(early, 18) ^ (early >> 3);
            uint second = BitOperations.RotateRight(late, 17) ^ BitOperations.RotateRight(late, 19) ^ (late >> 10);
            words[i] = words[i - 16] + first + words[i - 7] + second;
        }

        uint a = state[0], b = state[1], c = state[2], d = state[3];
        uint e = state[4], f = state[5], g = state[6], h = state[7];
        ReadOnlySpan<uint> constants = Sha256Lanes.Constants;
        for (int i = 0; i < Rounds; i++)
        {
            uint mixed = BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^
                BitOperations.RotateRight(e, 25);
            uint one = h + mixed + ((e & f) ^ (~e & g)) + constants[i] + words[i];
            mixed = BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^
                BitOperations.RotateRight(a, 22);
            uint two = mixed + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + one, c, b, a, one + two);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }
}
