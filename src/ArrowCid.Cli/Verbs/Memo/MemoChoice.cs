using System.CommandLine;
using System.Globalization;
using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>The results that a verb is about.</summary>
internal sealed class MemoChoice
{
    private readonly CidStore _store;
    private readonly Filter? _filter;
    private readonly string? _function;
    private readonly string? _version;
    private readonly IpldNode _parameters = IpldNode.Map();
    private readonly Dictionary<string, Cid> _inputs = [];

    /// <summary>All of a store.</summary>
    public MemoChoice(CidStore store) => _store = store;

    public MemoChoice(CidStore store, string? filter, string? function, CallOptions call, ParseResult parsed)
    {
        (_store, _function, _version) = (store, function, call.Version(parsed));
        if (filter is not null) _filter = Filter.Parse(filter);
        CallKey wanted = CallKey.Create("any", "", call.Parameters(parsed),
            call.Inputs(parsed, store).ToDictionary(input => input.Key, input => input.Value.Cid),
            new Dictionary<string, string?>());
        (_parameters, _inputs) = (wanted.Parameters, new Dictionary<string, Cid>(wanted.Inputs));
    }

    /// <summary>Whether nothing narrows the choice.</summary>
    public bool IsEverything => _filter is null && _function is null && _version is null &&
        _parameters.Count == 0 && _inputs.Count == 0;

    /// <summary>The results, in no order.</summary>
    public IEnumerable<Found> All()
    {
        DateTimeOffset now = _store.Clock.GetUtcNow();
        foreach (MemoEntry entry in MemoTable.List(_store))
        {
            var found = new Found(entry, ValueOf(entry.Value));
            bool isWanted = (_function is null || found.Function == _function) &&
                (_version is null || (entry.Key?.Version ?? "") == _version) &&
                ((_parameters.Count == 0 && _inputs.Count == 0) ||
                    (entry.Key is { } key && MemoTable.HasArguments(key, _parameters, _inputs))) &&
                (_filter is null || _filter.Matches(EntryOf(found), now));
            if (isWanted) yield return found;
        }
    }

    /// <summary>The value; of a command what it printed was read as.</summary>
    private StoredEntry ValueOf(Cid value)
    {
        Cid shown = RunRecord.TryRead(_store, value) is { } record ? record.Value ?? record.Output : value;
        return _store.Metadata.Get(shown) ?? BlockReference.Known(_store, value);
    }

    /// <summary>A result as a filter sees it.</summary>
    private static StoredEntry EntryOf(Found found)
    {
        var tags = new Dictionary<string, string>(found.Entry.Tags, StringComparer.Ordinal);
        if (found.Entry.Key is { } key)
        {
            foreach ((string name, IpldNode value) in key.Parameters.Entries)
                tags[$"param.{name}"] = value.Kind == IpldKind.Text ? value.AsText() : JsonText.Format(value);
            foreach ((string name, Cid cid) in key.Inputs) tags[$"in.{name}"] = cid.ToString();
            foreach ((string name, string? value) in key.Environment) tags[$"env.{name}"] = value ?? "";
        }

        return new StoredEntry
        {
            Cid = found.Value.Cid,
            Kind = found.Value.Kind,
            SchemaCid = found.Value.SchemaCid,
            Rows = found.Value.Rows,
            ByteLength = found.Value.ByteLength,
            IsPresent = true,
            Created = found.Entry.Time,
            LastPut = found.Entry.Time,
            Expires = found.Entry.Expires,
            Names = found.Value.Names,
            Tags = tags,
        };
    }

    /// <summary>A result and its value.</summary>
    internal readonly record struct Found(MemoEntry Entry, StoredEntry Value)
    {
        /// <summary>The name of the function.</summary>
        public string Function => Entry.Key?.Function ?? Entry.Tags.GetValueOrDefault(MemoWork.FunctionTag, "");

        /// <summary>How long the computation took.</summary>
        public double Milliseconds => double.TryParse(Entry.Tags.GetValueOrDefault(MemoWork.MillisecondsTag),
            NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : 0;

        /// <summary>The call as a line.</summary>
        public string Call => Entry.Key is { } key ? $"{key.Function} {JsonText.Format(key.Parameters)}"
            : Entry.Call.ToString();
    }
}
