namespace ArrowCid.Tests.Models;

/// <summary>
/// All states of a model, nearest first, up to the first fault; so the way to a fault is a shortest one.
/// </summary>
internal sealed class Exploration<TState>
    where TState : struct, IEquatable<TState>
{
    private const int MostStates = 2_000_000;
    private readonly Dictionary<TState, int> _numbers = [];
    private readonly List<TState> _states = [];
    private readonly List<(int From, string Step)> _came = [];
    private readonly List<(int From, int To)> _moves = [];
    private readonly HashSet<string> _steps = [];

    public Exploration(Model<TState> model)
    {
        Add(model.Start, -1, "");
        int at = 0;
        while (at < _states.Count && Fault is null)
        {
            Visit(model, at++);
        }

        if (Fault is null && FirstWithoutGoal(model) is { } lost)
        {
            (Fault, Trace) = (model.OutOfReach, TraceTo(lost));
        }
    }

    public int States => _states.Count;

    public string? Fault { get; private set; }

    /// <summary>The steps that lead to the fault.</summary>
    public IReadOnlyList<string> Trace { get; private set; } = [];

    /// <summary>
    /// Nothing is wrong in any state. The number of states and the steps that must have been taken keep a model from
    /// holding because it no longer does anything.
    /// </summary>
    public void Holds(int atLeast, params string[] taken)
    {
        Assert.True(Fault is null, $"{Fault}, after {States} states: {string.Join("; ", Trace)}");
        Assert.True(States >= atLeast, $"the model has shrunk to {States} states, there were {atLeast}");
        foreach (string step in taken)
        {
            Assert.True(_steps.Contains(step), $"no state has the step '{step}': {string.Join("; ", _steps)}");
        }
    }

    /// <summary>The fault is found; its trace has these steps in this order, and ends with the last of them.</summary>
    public void Breaks(string fault, params string[] steps)
    {
        string found = $"found: {Fault ?? "nothing"} ({States} states): {string.Join("; ", Trace)}";
        Assert.True(fault == Fault, found);
        int at = 0;
        foreach (string step in Trace)
        {
            if (at < steps.Length && step == steps[at]) at++;
        }

        Assert.True(at == steps.Length, $"'{steps.ElementAtOrDefault(at)}' is not where it should be; {found}");
        Assert.True(Trace[^1] == steps[^1], $"the trace does not end with '{steps[^1]}'; {found}");
    }

    private void Visit(Model<TState> model, int at)
    {
        TState state = _states[at];
        string? fault = model.Fault(state);
        bool isAtRest = true;
        if (fault is null)
        {
            foreach ((string step, TState next) in model.Steps(state))
            {
                isAtRest = false;
                _steps.Add(step);
                _moves.Add((at, Add(next, at, step)));
            }

            fault = isAtRest ? model.FaultAtRest(state) : null;
        }

        if (fault is not null) (Fault, Trace) = (fault, TraceTo(at));
    }

    private int Add(TState state, int from, string step)
    {
        if (_numbers.TryGetValue(state, out int number)) return number;
        number = _states.Count;
        Assert.True(number < MostStates, $"the model has more than {MostStates} states");
        _numbers.Add(state, number);
        _states.Add(state);
        _came.Add((from, step));
        return number;
    }

    private List<string> TraceTo(int number)
    {
        var trace = new List<string>();
        for (int at = number; _came[at].From >= 0; at = _came[at].From) trace.Add(_came[at].Step);
        trace.Reverse();
        return trace;
    }

    private int? FirstWithoutGoal(Model<TState> model)
    {
        ILookup<int, int> before = _moves.ToLookup(move => move.To, move => move.From);
        bool[] canReach = _states.Select(model.IsGoal).ToArray();
        var open = new Stack<int>(Enumerable.Range(0, canReach.Length).Where(at => canReach[at]));
        if (open.Count == canReach.Length) return null;
        while (open.TryPop(out int at))
        {
            foreach (int from in before[at].Where(from => !canReach[from]))
            {
                canReach[from] = true;
                open.Push(from);
            }
        }

        int[] lost = Enumerable.Range(0, canReach.Length).Where(at => !canReach[at]).ToArray();
        // One where nothing more happens tells more than the point of no return.
        HashSet<int> moving = _moves.Where(move => move.From != move.To).Select(move => move.From).ToHashSet();
        int atRest = Array.Find(lost, at => !moving.Contains(at));
        return lost.Length == 0 ? null : Math.Max(atRest, lost[0]);
    }
}
