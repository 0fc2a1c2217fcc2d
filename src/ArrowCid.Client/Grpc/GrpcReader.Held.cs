using System.Buffers;
using System.IO.Pipelines;

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
