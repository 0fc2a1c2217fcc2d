using System.Buffers;
using System.IO.Pipelines;
using ArrowCid.Ipc;

namespace ArrowCid.Flight.Grpc;

/// <summary>Bytes of a message that stay in the request's pipe until they are copied to their place.</summary>
internal sealed partial class GrpcReader
{
    private readonly PipeReader? _pipe;

    /// <summary>Whether the message can be read by <see cref="HoldAsync"/>: it comes from a pipe as it is.</summary>
    public bool CanHold => _pipe is not null && _outer is null;

    /// <summary>Waits for bytes of the message and leaves them in the pipe, until <see cref="Return"/>, which must
    /// follow.</summary>
    public async ValueTask<HeldBytes> HoldAsync(int count, CancellationToken cancel)
    {
        if (count > _left) throw EndsInside();
        int buffered = Math.Min(_end - _start, count), needed = count - buffered;
        ReadOnlySequence<byte> rest = default;
        for (long seen = 0; needed > 0;)
        {
            ValueTask<ReadResult> reading = _pipe!.ReadAsync(cancel);
            if (!reading.IsCompleted) Volatile.Write(ref _message, _messages);
            ReadResult read = await reading.ConfigureAwait(false);
            Volatile.Write(ref _message, -1);
            Volatile.Write(ref _received, _received + read.Buffer.Length - seen);
            seen = read.Buffer.Length;
            if (seen >= needed)
            {
                rest = read.Buffer.Slice(0, needed);
                break;
            }

            _pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCanceled) throw new OperationCanceledException(cancel);
            if (read.IsCompleted) throw EndsInside();
        }

        return new HeldBytes(_buffer.AsMemory(_start, buffered), rest);
    }

    /// <summary>Takes what was read of the held bytes from the message, and leaves the others in it.</summary>
    public void Return(HeldBytes held)
    {
        int buffered = Math.Min(held.Taken, held.Start.Length);
        Take(buffered);
        _left -= held.Taken - buffered;
        if (!held.Rest.IsEmpty) _pipe!.AdvanceTo(held.Rest.GetPosition(held.Taken - buffered));
    }
}

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
