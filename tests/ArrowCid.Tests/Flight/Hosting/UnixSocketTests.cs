using System.Net.Sockets;
using ArrowCid.Client;
using ArrowCid.Server;
using ArrowCid.Server.Access;
using ArrowCid.Server.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Tests.Flight;

/// <summary>A server behind a Unix socket, and starts that fail.</summary>
public sealed class UnixSocketTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arrowcid-unix-");

    private string Socket => Path.Combine(_folder.FullName, "flight.sock");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_client_puts_and_gets_and_the_file_is_the_owners_alone_and_goes_with_the_server()
    {
        await using (ServedStore server = await ServedStore.Start(_ => Options()))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(Socket).UnixFileMode);
            using CidClient client = server.FlightClient();
            PutResult put = await client.PutAsync(ServedStore.Sequence(0, 1000));
            using RemoteBatch? got = await client.TryGetAsync(put.Cid);
            Assert.Equal(1000, got!.View.Length);
            using CidClient local = server.FlightClient(isLocal: true);
            using RemoteBatch? shared = await local.TryGetAsync(put.Cid);
            Assert.True(shared!.IsShared);
        }

        Assert.False(File.Exists(Socket));
    }

    [Fact]
    public async Task A_socket_that_somebody_listens_on_is_not_taken()
    {
        await using ServedStore server = await ServedStore.Start(_ => Options());
        var e = await Assert.ThrowsAnyAsync<IOException>(() => ServedStore.Start(_ => Options()));
        Assert.Contains("listens there", e.Message, StringComparison.Ordinal);
        using CidClient client = server.FlightClient();
        Assert.True((await client.PutAsync(ServedStore.Sequence(0, 3))).IsNew);
    }

    [Fact]
    public async Task What_a_dead_server_left_is_taken_away_and_a_file_is_not()
    {
        LeaveDead();
        await using (ServedStore server = await ServedStore.Start(_ => Options()))
        {
            using CidClient client = server.FlightClient();
            Assert.True((await client.PutAsync(ServedStore.Sequence(0, 3))).IsNew);
        }

        await File.WriteAllTextAsync(Socket, "precious");
        _ = await Assert.ThrowsAnyAsync<IOException>(() => ServedStore.Start(_ => Options()));
        Assert.Equal("precious", await File.ReadAllTextAsync(Socket));
    }

    [Fact]
    public async Task Of_servers_that_start_at_once_where_a_dead_one_was_one_gets_the_socket()
    {
        const int Rounds = 10, Servers = 4;
        await using ServedStore store = await ServedStore.Start();
        for (int round = 0; round < Rounds; round++)
        {
            LeaveDead();
            using var together = new Barrier(Servers);
            Task<CidServer>[] starts = [.. Enumerable.Range(0, Servers).Select(_ => Task.Factory.StartNew(() =>
            {
                together.SignalAndWait();
                return CidServer.StartAsync(store.Store, Options());
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap())];
            await ((Task)Task.WhenAll(starts)).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            CidServer server = await Assert.Single(starts, start => start.IsCompletedSuccessfully);
            Assert.All(starts.Where(start => start.IsFaulted),
                start => Assert.IsAssignableFrom<IOException>(start.Exception!.InnerException));
            using (var client = new CidClient(new Uri($"grpc+unix://{Socket}"), new CidClientOptions { UseLocalStore = false }))
                Assert.Null(await client.TryGetAsync(Cid.Sha256(Multicodec.Raw, "nothing"u8)));
            await server.DisposeAsync();
            Assert.False(File.Exists(Socket));
        }
    }

    [Fact]
    public async Task A_start_that_fails_leaves_nothing_behind_and_may_be_tried_again()
    {
        var e = await Assert.ThrowsAsync<ArrowCidException>(() => ServedStore.Start(_ => new CidServerOptions
        {
            Flight = new UnixDomainSocketEndPoint(Socket),
            Http = null,
            RequireClientCertificate = true,
        }));
        Assert.Equal(ErrorCode.InvalidArgument, e.Code);
        Assert.False(File.Exists(Socket));
        await using ServedStore server = await ServedStore.Start(_ => Options());
        Assert.True(File.Exists(Socket));
    }

    [Fact]
    public void Refusals_are_logged_a_few_a_second_and_then_counted()
    {
        var log = new Lines();
        var time = new Clock();
        using (var refusals = new RefusalLog(log, time))
        {
            Write(1000);
            Assert.Equal(LogThrottle.Most, log.Said.Count);
            time.Now += TimeSpan.TicksPerSecond;
            Write(5);
            Assert.Equal(LogThrottle.Most + 1 + 5, log.Said.Count);
            Assert.Contains($"refused: {1000 - LogThrottle.Most} calls more", log.Said[LogThrottle.Most], StringComparison.Ordinal);
            Write(100);

            void Write(int count)
            {
                for (int i = 0; i < count; i++)
                {
                    refusals.Write(new CallerConnection(null, CallerConnection.Flight), "DoPut", AccessNeed.Put,
                        new AccessDecision(Refusal.NoToken, "unix", AccessScope.None));
                }
            }
        }

        Assert.Contains("95 calls more", log.Said[^1], StringComparison.Ordinal);
    }

    /// <summary>What a server that was killed leaves.</summary>
    private void LeaveDead()
    {
        using var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        // Bound by its short name, .NET does not find the file to take it away.
        string name = Path.Combine(_folder.FullName, "dead");
        dead.Bind(new UnixDomainSocketEndPoint(name));
        File.Move(name, Socket);
    }

    private CidServerOptions Options() => new() { Flight = new UnixDomainSocketEndPoint(Socket), Http = null };

    private sealed class Clock : TimeProvider
    {
        public long Now { get; set; } = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now;
    }

    private sealed class Lines : ILogger
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Said.Add(formatter(state, exception));
    }
}
