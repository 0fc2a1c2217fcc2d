using System.Buffers;

namespace ArrowCid.Ipc;

/// <summary>Memory that an encoding needs beside the block, counted against a budget before it is taken.</summary>
internal sealed class Scratch(long budget)
{
    private readonly List<byte[]> _rented = [];
    private long _left = budget;

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

    /// <summary>Gives everything back; what was handed out may not be used any more.</summary>
    public void Return(long budgetAnew)
    {
        foreach (byte[] bytes in _rented) ArrayPool<byte>.Shared.Return(bytes);
        _rented.Clear();
        _left = budgetAnew;
    }
}
