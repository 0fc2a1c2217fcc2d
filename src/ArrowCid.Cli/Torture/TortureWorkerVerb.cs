using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Torture;

/// <summary>One process of the torture: it works on the store until it is killed, or for a number of calls.</summary>
internal static class TortureWorkerVerb
{
    public const string Name = "torture-worker";

    /// <summary>The exit code where another store is due.</summary>
    public const int FoundItFilled = 99;

    public static Command Make()
    {
        Argument<string[]> words = new("WORDS") { Arity = ArgumentArity.OneOrMore };
        var verb = new Verb(Name, "A process of 'torture'.",
            $"arrowcid {Name} STORE JOURNAL ROLE LOAD NUMBER SEED CALLS")
        {
            words,
        };
        verb.Hidden = true;
        verb.SetAction(parsed => Run(parsed.GetValue(words)!));
        return verb;
    }

    private static int Run(string[] words)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        TortureRole role = Enum.Parse<TortureRole>(words[2]);
        using var journal = new TortureJournal(words[1]);
        using CidStore store = TortureStore.Open(words[0], role);
        var worker = new TortureWorker(store, journal, role, Enum.Parse<TortureLoad>(words[3]),
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
