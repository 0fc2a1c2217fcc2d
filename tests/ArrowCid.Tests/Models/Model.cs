namespace ArrowCid.Tests.Models;

/// <summary>
/// A protocol as a finite machine: one value for all that is shared and for where every process stands, and the steps
/// that a process may take next, each indivisible. A process that is stopped is one that is not chosen; a kill is a
/// step like any other.
/// </summary>
internal abstract class Model<TState>
    where TState : struct, IEquatable<TState>
{
    public abstract TState Start { get; }

    /// <summary>Every step that some process can take from here.</summary>
    public abstract IEnumerable<(string Step, TState Next)> Steps(TState s);

    /// <summary>What is wrong in this state, or null.</summary>
    public abstract string? Fault(TState s);

    /// <summary>What is wrong where no process can take a step, or null.</summary>
    public virtual string? FaultAtRest(TState s) => null;

    /// <summary>What must stay within reach from every state, whatever was killed or stopped on the way.</summary>
    public virtual bool IsGoal(TState s) => true;

    /// <summary>The fault of losing the goal.</summary>
    public virtual string OutOfReach => "the goal is out of reach";

    public Exploration<TState> Explore() => new(this);
}
