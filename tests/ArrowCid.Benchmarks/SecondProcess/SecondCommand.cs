using System.CommandLine;
using System.Globalization;
using ArrowCid.Cli;

namespace ArrowCid.Benchmarks;

/// <summary>The second process of <c>store</c> and <c>flight</c>: it answers each line with one line until its
/// input ends.</summary>
internal static class SecondCommand
{
    public const string Name = "bench-second";

    public static Command Make()
    {
        var role = new Argument<string>("ROLE") { Description = "watch, channel, futex, socket, read or serve." };
        var path = new Argument<string>("PATH") { Description = "A store's directory, a futex's file, a socket." };
        var verb = new Verb(Name, "Run the second process of 'store' and 'flight'.",
            $"{Name} watch DIR")
        {
            role, path,
        };
        verb.Hidden = true;
        verb.SetAction(parsed => Run(parsed.GetValue(role)!, parsed.GetValue(path)!));
        return verb;
    }

    /// <summary>A number as the first process reads it.</summary>
    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static int Run(string name, string path)
    {
        using ISecondRole role = name switch
        {
            "watch" => new SecondWatch(path),
            "futex" => new SecondFutex(path),
            "socket" => new SecondSocket(path),
            "read" => new SecondReader(path),
            "channel" => new SecondChannel(path),
            SecondServer.Role => new SecondServer(path),
            _ => throw new ArrowCidException(ErrorCode.InvalidArgument, $"there is no role '{name}'"),
        };
        Console.Out.WriteLine("ready");
        while (Console.In.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            int count = words.Length > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture) : 0;
            Console.Out.WriteLine(role.Answer(words[0], count));
        }

        return 0;
    }
}

/// <summary>What the second process does.</summary>
internal interface ISecondRole : IDisposable
{
    /// <summary>Does what is asked for, and says what came of it.</summary>
    string Answer(string what, int count);
}
