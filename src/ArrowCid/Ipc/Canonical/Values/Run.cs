namespace ArrowCid.Ipc;

/// <summary>
/// Slots that follow each other in a source array, or (<see cref="Start"/> below 0) slots that have no source.
/// </summary>
internal readonly record struct Run(int Start, int Length);
