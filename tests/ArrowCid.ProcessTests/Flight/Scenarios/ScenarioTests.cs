using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.ProcessTests.Cli;
using Google.Protobuf;

namespace ArrowCid.ProcessTests.Flight.Scenarios;

/// <summary>
/// The Arrow project's Flight integration scenarios (archery's <c>run_flight</c>), as pyarrow can drive them; by
/// <c>arrowcid serve</c> where a store can play one. Not driven: <c>flight_sql</c>, <c>flight_sql:extension</c> and
/// <c>flight_sql:ingestion</c>, for there is no Flight SQL here and pyarrow has no client of it; <c>alignment</c>, which
/// is about the C++ client alone. pyarrow has no call for <c>poll_flight_info</c>: our own client makes it.
/// </summary>
public sealed class ScenarioTests
{
    private static readonly string s_script = Path.Combine(Command.Root, "interop", "python", "check_scenarios.py");

    [FlightPeerTheory]
    [InlineData("auth_basic_proto")]
    [InlineData("middleware")]
    [InlineData("expiration_time_do_get")]
    [InlineData("expiration_time_list_actions")]
    [InlineData("expiration_time_cancel_flight_info")]
    [InlineData("expiration_time_renew_flight_endpoint")]
    [InlineData("do_exchange_echo")]
    [InlineData("session_options")]
    [InlineData("app_metadata_flight_info_endpoint")]
    public async Task A_scenario_passes_over_our_grpc(string scenario)
    {
        await using ScenarioServer server = await ScenarioServer.StartAsync();
        _ = FlightPeers.Python(s_script, scenario, $"{server.Address}").Exits(0);
    }

    [FlightPeerFact]
    public async Task Every_file_comes_back_batch_by_batch_as_it_was_put()
    {
        string[] files = Files();
        await using ScenarioServer server = await ScenarioServer.StartAsync();
        Assert.Equal(files.Length, FlightPeers.Python([s_script, "round_trip", $"{server.Address}", .. files]).Exits(0).Lines.Length);
    }

    [FlightPeerFact]
    public void Every_file_comes_back_from_a_store_with_the_same_values()
    {
        string[] files = Files();
        using ServedStore served = ServedStore.Start();
        string[] lines = FlightPeers.Python([s_script, "store_round_trip", served.Flight, served.Token, .. files]).Exits(0).Lines;
        Assert.Equal(files.Length, lines.Length);
    }

    [FlightPeerTheory]
    [InlineData("ordered")]
    [InlineData("location_reuse_connection")]
    [InlineData("store_handshake")]
    public void A_scenario_passes_against_a_store(string scenario)
    {
        using ServedStore served = ServedStore.Start();
        _ = FlightPeers.Python(s_script, scenario, served.Flight, served.Token).Exits(0);
    }

    [Fact]
    public async Task A_query_is_polled_until_it_is_done()
    {
        await using ScenarioServer server = await ScenarioServer.StartAsync();
        using var channel = new FlightChannel(server.Address);
        PollInfo first = await Poll("heavy query");
        Assert.Equal(("poll", 0.1), (first.FlightDescriptor.Cmd.ToStringUtf8(), first.Progress));
        Assert.True(first.ExpirationTime.ToDateTimeOffset() > DateTimeOffset.UtcNow);
        Assert.NotNull(first.Info);
        PollInfo last = await Poll(first.FlightDescriptor.Cmd.ToStringUtf8());
        Assert.Equal((null, 1.0, null), (last.FlightDescriptor, last.Progress, last.ExpirationTime));
        Assert.NotEmpty(last.Info.Endpoint);

        async Task<PollInfo> Poll(string command)
        {
            var descriptor = new FlightDescriptor
            {
                Type = FlightDescriptor.Types.DescriptorType.Cmd,
                Cmd = ByteString.CopyFromUtf8(command),
            };
            return await new FlightService.FlightServiceClient(channel.Invoker).PollFlightInfoAsync(descriptor);
        }
    }

    /// <summary>The streams that the Arrow project's own integration tests exchange.</summary>
    private static string[] Files() =>
    [
        .. new[] { "1.0.0-littleendian", "cpp-21.0.0" }
            .SelectMany(folder => Directory.GetFiles(Path.Combine(Command.Data, "arrow-ipc", folder), "*.stream")).Order(StringComparer.Ordinal),
    ];
}
