using System.Runtime.InteropServices;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>The descriptor that an event loop waits on.</summary>
public sealed class WatchSignalTests
{
    private const short Readable = 1;

    [Fact]
    public async Task Every_put_makes_the_descriptor_readable_and_so_does_the_end()
    {
        const int Puts = 300;
        using var directory = new TemporaryStore();
        using BlockStore producer = directory.Open();
        BlockStore watcher = directory.Open(new StoreSettings { ReadOnly = true });
        // No sleep ends by itself, so that each wake is a put's.
        watcher.Signal.Backstop = TimeSpan.FromHours(1);
        using LogReader tail = watcher.Tail(Cursor.Oldest);
        using var signal = new WatchSignal(watcher.Signal);
        int heard = 0;
        signal.Arm();
        Assert.False(IsReadable(signal, 0));
        Task loop = Task.Factory.StartNew(() =>
        {
            while (true)
            {
                signal.Arm();
                while (tail.TryNext(out _)) Interlocked.Increment(ref heard);
                if (tail.IsClosed) return;
                if (!IsReadable(signal, 60_000)) throw new TimeoutException($"nothing after {heard} puts");
            }
        }, TaskCreationOptions.LongRunning);
        for (int i = 0; i < Puts; i++)
        {
            _ = producer.PutRaw(BitConverter.GetBytes(i));
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref heard) > i || loop.IsCompleted, TimeSpan.FromMinutes(2)));
            if (loop.IsCompleted) await loop;
        }

        watcher.Dispose();
        await loop.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(Puts, heard);
    }

    private static bool IsReadable(WatchSignal signal, int milliseconds)
    {
        var request = new PollRequest { Descriptor = signal.Descriptor, Events = Readable };
        int count = poll(ref request, 1, milliseconds);
        return count == 1 && (request.Results & Readable) != 0;
    }

    [DllImport("libc", ExactSpelling = true)]
    private static extern int poll(ref PollRequest requests, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollRequest
    {
        public int Descriptor;
        public short Events;
        public short Results;
    }
}
