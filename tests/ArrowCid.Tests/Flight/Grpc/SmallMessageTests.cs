using System.Buffers.Binary;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using ArrowCid.Flight.Service;
using ArrowCid.Server.Service;
using Grpc.Core;

namespace ArrowCid.Tests.Flight;

/// <summary>Many small messages: what gathers, reads and wakes in one go loses and mixes up none.</summary>
public sealed class SmallMessageTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Messages_of_any_size_are_read_in_order_however_they_come(int seed)
    {
        var random = new Random(seed);
        byte[][] messages = [.. Enumerable.Range(0, 4000).Select(i =>
        {
            byte[] message = new byte[random.Next(i % 50 == 0 ? 100_000 : 300)];
            random.NextBytes(message);
            return message;
        })];
        var wire = new MemoryStream();
        Span<byte> prefix = stackalloc byte[5];
        foreach (byte[] message in messages)
        {
            prefix.Clear();
            BinaryPrimitives.WriteInt32BigEndian(prefix[1..], message.Length);
            wire.Write(prefix);
            wire.Write(message);
        }

        wire.Position = 0;
        var reader = new GrpcReader(new ThrottledStream(wire,
            () => random.Next(3) == 0 ? random.Next(1, 9) : random.Next(1, 70_000)), MessageLimit.None, null);
        for (int i = 0; i < messages.Length; i++)
        {
            Assert.True(await reader.NextAsync(default), $"seed {seed}: message {i} is missing");
            Assert.Equal(messages[i].Length, reader.Left);
            // Some are left out, and some are taken in part.
            int part = random.Next(4) switch { 0 => 0, 1 => messages[i].Length / 2, _ => messages[i].Length };
            (byte[] bytes, int length) = await reader.ReadAsync([], part, default);
            Assert.True(bytes.AsSpan(0, length).SequenceEqual(messages[i].AsSpan(0, part)),
                $"seed {seed}: message {i} is another");
        }

        Assert.False(await reader.NextAsync(default));
    }

    [Fact]
    public async Task Many_small_batches_of_a_dataset_come_in_order_and_so_they_do_again()
    {
        const int Count = 5000;
        await using ServedStore server = await ServedStore.Start();
        PutResult[] puts = server.Store.PutMany(
            [.. Enumerable.Range(0, Count).Select(i => ServedStore.Sequence(i, 1 + i % 40))]);
        Cid dataset = server.Store.Datasets.Put([.. puts.Select(put => put.Cid)]).Cid;
        using var channel = new FlightChannel(server.Flight);
        // The second time the server knows what the dataset's batches are.
        for (int time = 0; time < 2; time++) await FetchAsync();

        async Task FetchAsync()
        {
            using AsyncServerStreamingCall<FlightMessage> call =
                FlightCall.Get(channel, dataset.ToString(), server.Token);
            using var batches = new FlightBatches();
            int count = 0;
            while (await call.ResponseStream.MoveNext())
            {
                FlightDataReader data = call.ResponseStream.Current.Data;
                if (batches.Take(data) is not { } batch) continue;
                Assert.Equal(puts[count].Cid.ToString(), System.Text.Encoding.UTF8.GetString(data.AppMetadata));
                Assert.Equal(1 + count % 40, batch.Length);
                Assert.Equal(count, batch.Column<long>("n").Values[0]);
                count++;
            }

            Assert.Equal(Count, count);
        }
    }

    [Fact]
    public async Task A_watcher_misses_no_call_whenever_it_comes()
    {
        const int Calls = 100_000;
        var watcher = new LiveWatcher(long.MaxValue);
        int called = 0;
        Task calling = Task.Run(() =>
        {
            while (Volatile.Read(ref called) < Calls)
            {
                Interlocked.Increment(ref called);
                watcher.Wake();
            }
        });
        Task hearing = Task.Run(async () =>
        {
            while (Volatile.Read(ref called) < Calls) await watcher.WaitAsync();
        });
        await Task.WhenAll(calling, hearing).WaitAsync(s_deadline);
    }
}
