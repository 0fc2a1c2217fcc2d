using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace ArrowCid.Torture;

/// <summary>One process of the torture: it works on the store until it is killed, or for a number of calls.</summary>
internal static class TortureWorkerCommand
{
    /// <summary>The exit code that asks for a new store.</summary>
    public const int FoundItFilled = 99;

    private const string Name = "worker";

    public static Command Make()
    {
        Argument<string[]> words = new("STORE JOURNAL ROLE LOAD NUMBER SEED CALLS")
        {
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command(Name, "Run as one process of the torture.") { words };
        command.Hidden = true;
        command.SetAction(parsed => Run(parsed.GetValue(words)!));
        return command;
    }

    /// <summary>Returns how to start a worker, whether this program was started directly or by <c>dotnet</c>.</summary>
    public static ProcessStartInfo With(params string[] words)
    {
        string program = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return new ProcessStartInfo(program,
            isHost ? [typeof(TortureWorkerCommand).Assembly.Location, Name, .. words] : [Name, .. words]);
    }

    private static int Run(string[] words)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        TortureRole role = Enum.Parse<TortureRole>(words[2]);
        using var journal = new TortureJournal(words[1]);
        using CidStore store = TortureStore.Open(words[0], role);
        using var worker = new TortureWorker(store, journal, role, Enum.Parse<TortureLoad>(words[3]),
            long.Parse(words[4], plain), int.Parse(words[5], plain));
        Console.Out.WriteLine("ready");
        Console.Out.Flush();
        int calls = int.Parse(words[6], plain);
        for (int call = 0; call < calls; call++)
        {
            if (call % 16 == 0 && TortureStore.IsFilled(store, role)) return FoundItFilled;
            worker.Step();
        }

        return 0;
    }
}
