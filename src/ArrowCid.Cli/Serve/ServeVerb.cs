using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
using ArrowCid.Cli.Verbs;
using ArrowCid.Server;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Cli.Serve;

/// <summary><c>serve</c>: a store as a service.</summary>
internal static class ServeVerb
{
    // What the last checkpoint at the end may take.
    private static readonly TimeSpan s_mostAtEnd = TimeSpan.FromSeconds(0.4);

    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        var check = new Option<bool>("--check")
        {
            Description = "Only check the settings, the variables ARROWCID_* and the store, and show each setting " +
                "and where it is set. Exit code 0 if the server would start.",
        };
        var file = new Option<string?>("--config")
        {
            HelpName = "FILE",
            Description = $"The file of the settings, under 'serve'. Default: {ServeSettings.FileName} here, if it " +
                "exists.",
        };
        Option<bool> json = Verb.Json();
        var verb = new Verb("serve",
            "Serve a store over Arrow Flight and HTTP, until interrupted. Each setting is a flag, a variable " +
            "ARROWCID_NAME or a member of arrowcid.json, in this order of precedence.",
            "arrowcid serve",
            "arrowcid serve --flight 127.0.0.1:0 --http 127.0.0.1:0",
            "arrowcid serve --flight unix:/run/user/1000/arrowcid.sock --http none",
            "arrowcid serve --http 0.0.0.0:443 --flight none --tls-cert all.pem --tls-key key.pem --token-file tokens",
            "arrowcid serve --cache 64GiB --role cache",
            "arrowcid serve --check")
        {
            store, check, file, json,
        };
        var flags = new Dictionary<ServeSetting, Option<string?>>();
        foreach (ServeSetting setting in ServeSetting.All)
        {
            verb.Add(flags[setting] = new Option<string?>(setting.Flag)
            {
                HelpName = setting.Value ?? "true|false",
                Arity = setting.Value is null ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
                Description = setting.Default is { } usual and not "false"
                    ? $"{setting.Help} Default: {usual}."
                    : setting.Help,
            });
        }

        verb.SetAction((parsed, cancel) =>
        {
            var settings = ServeSettings.Read(setting => parsed.GetResult(flags[setting]) is { Implicit: false }
                ? parsed.GetValue(flags[setting]) ?? "true"
                : null, parsed.GetValue(file));
            return parsed.GetValue(check)
                ? Task.FromResult(ConfigVerb.Check(settings, parsed.GetValue(store), parsed.GetValue(json)))
                : Run(parsed.GetValue(store), settings, cancel);
        });
        return verb;
    }

    /// <summary>Runs checks and reports each that fails.</summary>
    /// <returns>The exit code of the first that failed, or 0.</returns>
    public static int Faults(params Action[] checks)
    {
        int exit = 0;
        foreach (Action check in checks)
        {
            try
            {
                check();
            }
            catch (ArrowCidException e)
            {
                int code = CommandError.Report(e);
                if (exit == 0) exit = code;
            }
        }

        return exit;
    }

    /// <summary>Prints a setting, its value, and where it is set.</summary>
    public static void Print(Output output, bool isJson, string name, string? value, string from, string help)
    {
        if (!isJson)
        {
            output.Line($"{name,-20} {CommandError.Visible(value ?? "-"),-16} {from}");
            output.Line($"{"",20} {help}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("name", name);
            writer.WriteString("value", value);
            writer.WriteString("from", from);
            writer.WriteString("help", help);
        });
    }

    private static async Task<int> Run(string? directory, ServeSettings settings, CancellationToken cancel)
    {
        CidServerOptions options = settings.ToOptions();
        _ = settings.Maintenance();
        _ = settings.Cache();
        _ = settings.Follow();
        _ = settings.Pool();
        CidStore? opened = null;
        await using CidServer server = await CidServer.StartAsync(
            logs => opened = Open(directory, logs, settings), options, cancel).ConfigureAwait(false);
        using CidStore store = opened!;
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration interrupted = End(PosixSignal.SIGINT, end);
        using PosixSignalRegistration terminated = End(PosixSignal.SIGTERM, end);
        bool isSecret = options.Certificate is not null;
        if (server.Flight is { } flight)
        {
            string scheme = flight is not IPEndPoint ? "grpc+unix" : isSecret ? "grpc+tls" : "grpc";
            Console.WriteLine($"flight {scheme}://{flight}");
        }

        if (server.Http is { } http)
        {
            string scheme = http is not IPEndPoint ? "http+unix" : isSecret ? "https" : "http";
            Console.WriteLine($"http   {scheme}://{http}");
        }

        using var ends = new CancellationTokenSource();
        Task copies = settings.WritesBack && !store.IsReadOnly
            ? store.Places.WriteBackAsync(new WriteBackOptions { Failed = ReportFailure }, ends.Token)
            : Task.CompletedTask;
        Task[] follows = Follow(store, settings, ends.Token);
        Task channels = store.IsReadOnly ? Task.CompletedTask
            : Task.Factory.StartNew(() => new ChannelFollowing(store, settings.Follow().Every).Run(ends.Token),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task membership = settings.Pool() is (var registry, var blocks)
            ? PoolMembership.RunAsync(store, registry, blocks, Console.WriteLine, ends.Token)
            : Task.CompletedTask;
        // A pool that cannot be joined at the start ends the server.
        _ = membership.ContinueWith(_ => end.TrySetResult(), CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        await end.Task.ConfigureAwait(false);
        await ends.CancelAsync().ConfigureAwait(false);
        await server.DisposeAsync().ConfigureAwait(false);
        await copies.ConfigureAwait(false);
        await Task.WhenAll([.. follows, channels]).ConfigureAwait(false);
        await membership.ConfigureAwait(false);
        server.SayEnding("copies to places have ended; what is left is copied after the next start");
        store.EndMaintenance();
        server.SayEnding("maintenance has ended");
        if (!store.IsReadOnly) server.SayEnding(Checkpoint(store));
        store.Dispose();
        server.SayEnding("the store is closed");
        return 0;
    }

    /// <summary>Follows other stores, each on a thread of its own.</summary>
    private static Task[] Follow(CidStore store, ServeSettings settings, CancellationToken end)
    {
        (IReadOnlyList<string> from, Registry.Filter? filter, TimeSpan every) = settings.Follow();
        if (store.IsReadOnly) return [];
        return
        [
            .. from.Select(location => Task.Factory.StartNew(() => new Follower(store, location)
            {
                Filter = filter,
                Every = every,
                Synced = ReportConflicts,
            }.Run(end), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)),
        ];
    }

    private static int ReportConflicts(SyncReport report)
    {
        foreach (SyncNameConflict conflict in report.Conflicts)
            CommandError.Say($"the name {CommandError.Visible(conflict.Name)} was changed here and at {report.Peer}; " +
                "both keep theirs");
        return 0;
    }

    private static CidStore Open(string? directory, ILoggerFactory logs, ServeSettings settings)
    {
        bool isReader = settings.Role() == ServerRole.Reader;
        var store = CidStore.Open(directory, new CidStoreOptions
        {
            LoggerFactory = logs,
            ReadOnly = isReader,
            CreateIfMissing = !isReader,
            OpenPlace = Locations.Open,
            Maintenance = !isReader && settings.Maintenance() is { } interval
                ? new MaintenanceOptions { Interval = interval }
                : null,
            ReadPlaces = settings.ReadsPlaces,
            Write = settings.Write,
            MaxBacklog = settings.MaxBacklog,
        });
        try
        {
            (bool isGiven, long? bytes, CachePolicyKind policy) = settings.Cache();
            if (isGiven) CacheOptions.Set(store, bytes, policy);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    private static void ReportFailure(string place, ArrowCidException error) => CommandError.Say(
        CommandError.Visible($"the backlog of '{place}' waits: {Advice.Of(error)}"));

    /// <summary>The next one that opens the store reads less of its log.</summary>
    /// <returns>The result, as text.</returns>
    private static string Checkpoint(CidStore store)
    {
        using var patience = new CancellationTokenSource(s_mostAtEnd);
        try
        {
            return store.Maintenance.Checkpoint(patience.Token)
                ? "the index is up to date" : "the index is left to others";
        }
        catch (Exception e) when (e is OperationCanceledException or ArrowCidException)
        {
            // The log has it all, and the next one goes on from the last index.
            return $"the index is left as it was ({e.Message})";
        }
    }

    private static PosixSignalRegistration End(PosixSignal signal, TaskCompletionSource end) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            end.TrySetResult();
        });
}
