using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
using ArrowCid.Flight;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>serve</c>: a store as a service.</summary>
internal static class ServeVerb
{
    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<IPEndPoint> flight = Address("--flight", "Where Flight is served", 8815);
        Option<IPEndPoint> http = Address("--http", "Where the gateway and the HTTP API are served", 8816);
        var verb = new Verb("serve", "Serves a store over Arrow Flight and HTTP until it is interrupted.",
            "arrowcid serve", "arrowcid serve --flight 127.0.0.1:0 --http 127.0.0.1:0")
        {
            store, flight, http,
        };
        verb.SetAction((parsed, cancel) => Run(parsed.GetValue(store),
            new CidServerOptions { Flight = parsed.GetValue(flight), Http = parsed.GetValue(http) }, cancel));
        return verb;
    }

    private static Option<IPEndPoint> Address(string name, string description, int port)
    {
        var option = new Option<IPEndPoint>(name)
        {
            HelpName = "ADDRESS",
            Description = $"{description}; port 0 takes a free one.",
            DefaultValueFactory = _ => new IPEndPoint(IPAddress.Loopback, port),
        };
        option.CustomParser = result =>
        {
            if (IPEndPoint.TryParse(result.Tokens[^1].Value, out IPEndPoint? address)) return address;
            result.AddError($"{name} takes an address such as 127.0.0.1:{port}, not '{result.Tokens[^1].Value}'.");
            return null;
        };
        return option;
    }

    private static async Task<int> Run(string? directory, CidServerOptions options, CancellationToken cancel)
    {
        using CidStore store = CidStore.Open(directory);
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration interrupted = End(PosixSignal.SIGINT, end);
        using PosixSignalRegistration terminated = End(PosixSignal.SIGTERM, end);
        await using CidServer server = await CidServer.StartAsync(store, options, cancel).ConfigureAwait(false);
        if (server.Flight is { } flight) Console.WriteLine($"flight grpc://{flight}");
        if (server.Http is { } http) Console.WriteLine($"http   http://{http}");
        await end.Task.ConfigureAwait(false);
        return 0;
    }

    private static PosixSignalRegistration End(PosixSignal signal, TaskCompletionSource end) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            end.TrySetResult();
        });
}
