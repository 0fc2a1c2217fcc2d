using System.Buffers;

namespace ArrowCid.Ipc;

/// <summary>Memory that an encoding needs beside the block, counted against a budget before it is taken.</summary>
internal sealed class Scratch(long budget, long mostKeyBytes = Scratch.MostKeyBytes)
{
    /// <summary>Bytes of values that may be compared. Views let a short input hold long values in every entry; a
    /// dictionary of which each value has bytes of its own stays within what a block may hold.</summary>
    public const long MostKeyBytes = 1L << 31;

    private readonly List<byte[]> _rented = [];
    private long _left = budget;
    private long _keyBytes;

    /// <summary>At least <paramref name="length"/> bytes, all zero, until <see cref="Return"/>.</summary>
    public byte[] Bytes(int length)
    {
        Charge(length);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        bytes.AsSpan(0, length).Clear();
        _rented.Add(bytes);
        return bytes;
    }

    public int[] Ints(int length)
    {
        Charge(4L * length);
        return new int[length];
    }

    public T[] Grow<T>(T[] array, int count)
    {
        int length = Math.Max(16, (int)Math.Min(2L * count, Array.MaxLength));
        Charge((long)(length - array.Length) * Memory.SizeOf.Any<T>());
        Array.Resize(ref array, length);
        return array;
    }

    public void Charge(long bytes)
    {
        _left -= bytes;
        if (_left < 0)
        {
            throw new InvalidArrowException(
                "encoding needs more memory than its budget allows; split the batch or raise the budget",
                code: ErrorCode.TooLarge);
        }
    }

    /// <summary>Counts the bytes of a value that is to be compared with others.</summary>
    public void ChargeKey(long bytes, string path)
    {
        _keyBytes += bytes;
        if (_keyBytes <= mostKeyBytes) return;
        throw new InvalidArrowException("the values of dictionaries and runs come to over 2^31 bytes; split the batch",
            path, code: ErrorCode.TooLarge);
    }

    /// <summary>Gives everything back; what was handed out may not be used any more.</summary>
    public void Return(long budgetAnew)
    {
        foreach (byte[] bytes in _rented) ArrayPool<byte>.Shared.Return(bytes);
        _rented.Clear();
        (_left, _keyBytes) = (budgetAnew, 0);
    }
}
