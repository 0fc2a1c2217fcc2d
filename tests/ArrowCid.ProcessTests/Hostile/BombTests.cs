using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.ProcessTests.Flight;
using Xunit.Abstractions;

namespace ArrowCid.ProcessTests.Hostile;

/// <summary>Compressed messages that are much larger than what was sent: 260 kB that are 255 MiB.</summary>
public sealed class BombTests(ITestOutputHelper output)
{
    private const int AtOnce = 8, Length = 255 << 20;
    private const long MostGrowth = 96L << 20;

    private static readonly byte[] s_bomb = RawGrpc.Bomb(Length);

    private static readonly string[] s_methods =
    [
        .. new[]
        {
            "DoAction", "GetFlightInfo", "PollFlightInfo", "GetSchema", "ListFlights", "DoGet", "DoPut", "DoExchange", "Handshake",
            "ListActions",
        }.Select(name => RawGrpc.Flight + name),
        "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ];

    [Fact]
    public async Task Compressed_messages_take_little_memory_without_a_token_in_every_method()
    {
        using ServedStore served = ServedStore.Start();
        await Throw(served, null, "8");
    }

    [Fact]
    public async Task Compressed_messages_are_not_read_without_a_token_when_anonymous_reading_is_off()
    {
        using ServedStore served = ServedStore.Start("--anonymous-read", "never");
        await Throw(served, null, "8");
    }

    [Theory]
    [InlineData("read")]
    [InlineData("put")]
    public async Task Compressed_messages_take_little_memory_with_a_token_in_every_method(string scope)
    {
        string file = Path.GetTempFileName();
        try
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("secret")));
            File.WriteAllText(file, $"someone {scope} sha256:{hash}\n");
            using ServedStore served = ServedStore.Start("--token-file", file);
            await Throw(served, "secret", "8");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Well_formed_compressed_puts_take_little_memory()
    {
        // Field 3, app_metadata, of all the rest.
        int rest = Length - 5;
        byte[] bomb = RawGrpc.Bomb(Length,
        [
            0x1A, (byte)(rest | 0x80), (byte)((rest >> 7) | 0x80), (byte)((rest >> 14) | 0x80), (byte)(rest >> 21),
        ]);
        using ServedStore served = ServedStore.Start();
        await Measure(served, async server =>
        {
            string[] ends = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ =>
                server.CallAsync(RawGrpc.Flight + "DoPut", bomb, "gzip", served.Token)));
            Assert.All(ends, end => Assert.Equal("8", end));
        });
    }

    private async Task Throw(ServedStore served, string? token, string status) => await Measure(served, async server =>
    {
        foreach (string method in s_methods)
        {
            long started = Stopwatch.GetTimestamp();
            ServerProcess.ResetPeak(served.ProcessId);
            string[] ends = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => server.CallAsync(method, s_bomb, "gzip", token)));
            output.WriteLine($"{method}: {string.Join(' ', ends.Distinct())}, peak {ServerProcess.Peak(served.ProcessId) >> 20} MiB, " +
                $"{Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");
            // A put of what is no FlightData, or a call that the token does not allow.
            Assert.All(ends, end => Assert.Contains(end, new[] { status, "3", "7", "16" }));
        }
    });

    /// <summary>Asserts that the peak and the rest stay near what the server had before.</summary>
    private async Task Measure(ServedStore served, Func<RawGrpc, Task> act)
    {
        using var server = new RawGrpc(new Uri(served.Flight.Replace("grpc://", "http://", StringComparison.Ordinal)));
        // The first call of each kind loads code.
        foreach (string method in s_methods) _ = await server.CallAsync(method, RawGrpc.Bomb(1 << 10), "gzip", served.Token);
        long before = ServerProcess.Resident(served.ProcessId);
        ServerProcess.ResetPeak(served.ProcessId);
        await act(server);
        long peak = ServerProcess.Peak(served.ProcessId), after = ServerProcess.Resident(served.ProcessId);
        output.WriteLine($"{before >> 20} MiB before, {peak >> 20} MiB at most, {after >> 20} MiB after");
        Assert.InRange(peak - before, long.MinValue, MostGrowth);
        Assert.InRange(after - before, long.MinValue, MostGrowth / 2);
        Assert.Equal("0", await server.CallAsync("/grpc.health.v1.Health/Check", RawGrpc.Frame([])));
        Assert.Equal(0, served.Terminate());
        Assert.DoesNotContain("fault of", served.Log, StringComparison.Ordinal);
    }
}
