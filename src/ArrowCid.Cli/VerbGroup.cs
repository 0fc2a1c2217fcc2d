using System.CommandLine;

namespace ArrowCid.Cli;

/// <summary>Verbs that the help shows together.</summary>
/// <param name="Title">The title of the group.</param>
/// <param name="Verbs">The verbs: the name of each, and a function that makes it.</param>
internal sealed record VerbGroup(string Title, IReadOnlyList<(string Name, Func<Command> Make)> Verbs);
