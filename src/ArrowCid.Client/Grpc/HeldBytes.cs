using System.Buffers;
using ArrowCid.Ipc;

namespace ArrowCid.Flight.Grpc;

/// <summary>Bytes that <see cref="GrpcReader.HoldAsync"/> holds.</summary>
/// <param name="start">The first of them.</param>
/// <param name="rest">The others.</param>
internal sealed class HeldBytes(ReadOnlyMemory<byte> start, ReadOnlySequence<byte> rest) : IBodySource
{
    private readonly int _length = start.Length + (int)rest.Length;
    private ReadOnlySequence<byte> _left = rest;

    public ReadOnlyMemory<byte> Start { get; } = start;

    public ReadOnlySequence<byte> Rest { get; } = rest;

    /// <summary>The number of bytes that were read.</summary>
    public int Taken { get; private set; }

    /// <inheritdoc/>
    public int Left => _length - Taken;

    /// <inheritdoc/>
    public void Read(Span<byte> target)
    {
        if (Taken < Start.Length)
        {
            int count = Math.Min(Start.Length - Taken, target.Length);
            Start.Span.Slice(Taken, count).CopyTo(target);
            Taken += count;
            target = target[count..];
        }

        if (target.IsEmpty) return;
        _left.Slice(0, target.Length).CopyTo(target);
        Pass(target.Length);
    }

    /// <inheritdoc/>
    public void Skip(int count)
    {
        int first = Math.Min(Math.Max(0, Start.Length - Taken), count);
        Taken += first;
        if (count > first) Pass(count - first);
    }

    /// <summary>Goes back to the first byte.</summary>
    public void Rewind() => (Taken, _left) = (0, Rest);

    private void Pass(int count)
    {
        _left = _left.Slice(count);
        Taken += count;
    }
}
