using System.Threading.Channels;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using Google.Protobuf;

namespace ArrowCid.Server.Service;

/// <summary>
/// Answers of a DoPut on their way to the client. A put never waits for them: many clients read them at the end only.
/// What does not fit any more is left out, and the next answer says how many were.
/// </summary>
internal sealed class AckQueue
{
    private const int Most = 4096;

    // Answers repeat the app_metadata of their batches.
    private const long MostBytes = 8 << 20;

    private static readonly JsonFormatter s_json = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    private readonly Channel<PutAck> _acks = Channel.CreateBounded<PutAck>(
        new BoundedChannelOptions(Most) { SingleReader = true, SingleWriter = true });

    private readonly bool _isJson;
    private readonly Task _sending;
    private uint _skipped;
    private long _bytes;

    public AckQueue(GrpcWriter writer, bool isJson, CancellationToken cancel)
    {
        _isJson = isJson;
        _sending = SendAsync(writer, cancel);
    }

    /// <summary>Takes an answer; returns at once.</summary>
    public void Add(PutAck ack)
    {
        ack.Skipped = _skipped;
        int bytes = BytesOf(ack);
        bool isTaken = Interlocked.Add(ref _bytes, bytes) - bytes < MostBytes && _acks.Writer.TryWrite(ack);
        if (!isTaken) Interlocked.Add(ref _bytes, -bytes);
        _skipped = isTaken ? 0 : _skipped + 1;
    }

    /// <summary>Sends the last answer, which is never left out, and waits until all are sent.</summary>
    public async Task EndAsync(PutAck? last, CancellationToken cancel)
    {
        if (last is not null)
        {
            last.Skipped = _skipped;
            Interlocked.Add(ref _bytes, BytesOf(last));
            await _acks.Writer.WriteAsync(last, cancel).ConfigureAwait(false);
        }

        Stop();
        await _sending.ConfigureAwait(false);
    }

    /// <summary>Waits for what is under way, whatever comes of it: nothing else may write then.</summary>
    public async Task AbandonAsync()
    {
        Stop();
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static int BytesOf(PutAck ack) => ack.AppMetadata.Length + ack.AppMetadataBase64.Length;

    private void Stop() => _acks.Writer.TryComplete();

    private async Task SendAsync(GrpcWriter writer, CancellationToken cancel)
    {
        while (await _acks.Reader.WaitToReadAsync(cancel).ConfigureAwait(false))
        {
            while (_acks.Reader.TryRead(out PutAck? ack))
            {
                Interlocked.Add(ref _bytes, -BytesOf(ack));
                ByteString bytes = _isJson ? ByteString.CopyFromUtf8(s_json.Format(ack)) : ack.ToByteString();
                await writer.WriteAsync(new Flight.Protocol.PutResult { AppMetadata = bytes },
                    cancel).ConfigureAwait(false);
            }

            await writer.FlushAsync(cancel).ConfigureAwait(false);
        }
    }
}
