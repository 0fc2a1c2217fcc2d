using System.Globalization;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Registry;

namespace ArrowCid.Transfer;

/// <summary>
/// A filter over the rows of batches: <c>px &gt; 100 and sym = "ES"</c>. A test is a column's name, bare or in quotes,
/// an operator (= != &lt; &lt;= &gt; &gt;= ~ !~) and a value; tests are joined by and, or, not and parentheses. Values
/// are written as in the filters of blocks (<c>Registry/FILTER.md</c>): a null passes <c>= null</c> and tests with
/// <c>!=</c> only.
/// </summary>
internal sealed class RowFilter
{
    private readonly string _text;
    private readonly FilterLexer _lexer;
    private readonly List<string> _columns = [];
    private readonly Node _root;
    private FilterToken _token;
    private int _depth;
    private Schema? _schema;

    private RowFilter(string text)
    {
        _text = text;
        _lexer = new FilterLexer(text);
        _token = _lexer.Next();
        _root = Or();
        if (_token.Kind != FilterTokenKind.End) throw Unexpected("'and', 'or' or the end");
    }

    /// <summary>The columns that are tested, each once.</summary>
    public IReadOnlyList<string> Columns => _columns;

    /// <summary>Reads a filter.</summary>
    /// <exception cref="InvalidFilterException">The text is not a filter.</exception>
    public static RowFilter Parse(string text) => new(text);

    /// <summary>Returns the rows that pass as slices of the batch, one slice per run of such rows, in order.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: a column is missing;
    /// <see cref="ErrorCode.InvalidArgument"/>: a column has a type that the value does not fit.</exception>
    public IEnumerable<RecordBatch> Apply(RecordBatch batch)
    {
        if (!ReferenceEquals(_schema, batch.Schema))
        {
            _root.Bind(batch.Schema);
            _schema = batch.Schema;
        }

        int from = -1;
        for (int row = 0; row < batch.Length; row++)
        {
            bool passes = _root.Passes(batch, row);
            if (passes && from < 0) from = row;
            if (passes || from < 0) continue;
            yield return batch.Slice(from, row - from);
            from = -1;
        }

        if (from >= 0) yield return batch.Slice(from, batch.Length - from);
    }

    private Node Or()
    {
        Node node = And();
        while (TryTake("or")) node = new Join(node, And(), isAll: false);
        return node;
    }

    private Node And()
    {
        Node node = Not();
        while (TryTake("and")) node = new Join(node, Not(), isAll: true);
        return node;
    }

    private Node Not()
    {
        bool isDenied = Is("not");
        if (!isDenied && _token.Kind != FilterTokenKind.Open) return Compare();
        if (++_depth > Filter.MaxDepth)
            throw Unexpected($"at most {Filter.MaxDepth} 'not' and '(' inside each other");
        Take();
        Node node = isDenied ? new Denial(Not()) : Or();
        if (!isDenied)
        {
            if (_token.Kind != FilterTokenKind.Close) throw Unexpected("'and', 'or' or ')'");
            Take();
        }

        _depth--;
        return node;
    }

    private Node Compare()
    {
        if (_token.Kind is not (FilterTokenKind.Word or FilterTokenKind.Text)) throw Unexpected("a column's name");
        string column = _token.Value;
        Take();
        bool isOperator = _token.Kind == FilterTokenKind.Operator;
        bool isDenied = isOperator && _token.Value is "!=" or "!~";
        string sign = isDenied ? _token.Value == "!=" ? "=" : "~" : _token.Value;
        int op = isOperator ? Array.IndexOf(FilterComparison.Operators, sign) : -1;
        if (op < 0) throw Unexpected("one of = != < <= > >= ~ !~");
        Take();
        if (_token.Kind is not (FilterTokenKind.Word or FilterTokenKind.Text)) throw Unexpected("a value");
        if (!_columns.Contains(column)) _columns.Add(column);
        Node test = new Test(this, column, (FilterOperator)op, _token);
        Take();
        return isDenied ? new Denial(test) : test;
    }

    private bool Is(string word) =>
        _token.Kind == FilterTokenKind.Word && _token.Value.Equals(word, StringComparison.OrdinalIgnoreCase);

    private bool TryTake(string word)
    {
        if (!Is(word)) return false;
        Take();
        return true;
    }

    private void Take() => _token = _lexer.Next();

    private InvalidFilterException Unexpected(string expected) =>
        new(_text, _token.Start, _token.Length, _token.Describe(), expected);

    private abstract class Node
    {
        public abstract void Bind(Schema schema);

        public abstract bool Passes(RecordBatch batch, int row);
    }

    private sealed class Join(Node one, Node other, bool isAll) : Node
    {
        public override void Bind(Schema schema)
        {
            one.Bind(schema);
            other.Bind(schema);
        }

        public override bool Passes(RecordBatch batch, int row) => isAll
            ? one.Passes(batch, row) && other.Passes(batch, row)
            : one.Passes(batch, row) || other.Passes(batch, row);
    }

    private sealed class Denial(Node node) : Node
    {
        public override void Bind(Schema schema) => node.Bind(schema);

        public override bool Passes(RecordBatch batch, int row) => !node.Passes(batch, row);
    }

    /// <summary>One comparison. What its value means is known once the column's type is.</summary>
    private sealed class Test(RowFilter filter, string column, FilterOperator op, FilterToken token) : Node
    {
        private readonly StringBuilder _cell = new();
        private TextSink? _sink;
        private FilterValue? _value;
        private int _at;

        public override void Bind(Schema schema)
        {
            _at = schema.IndexOf(column);
            if (_at < 0)
            {
                throw new ArrowCidException(ErrorCode.SchemaMismatch,
                    $"no column '{column}'; there are: {string.Join(", ", schema.Fields.Select(each => each.Name))}");
            }

            ArrowType type = schema.Fields[_at].Type;
            _value = ValueFor(Plain(type), type);
        }

        public override bool Passes(RecordBatch batch, int row)
        {
            int slot = row;
            if (ValueText.Follow(batch.Columns[_at], ref slot) is not { } plain)
                return op == FilterOperator.Equal && _value!.HoldsOfConstant(null);
            ArrowTypeId id = plain.Type.Id;
            if (id == ArrowTypeId.Boolean) return _value!.HoldsOfConstant(plain.GetBoolean(slot));
            if (plain.Type.IsText()) return _value!.Holds(op, Encoding.UTF8.GetString(plain.GetBytes(slot)));
            if (IsTime(id)) return _value!.HoldsOfTime(op, Ticks(plain, slot));
            if (!ValueText.IsNumber(plain.Type)) return false;
            return FilterNumber.TryParse(Text(plain, slot), out FilterNumber number) && _value!.Holds(op, number);
        }

        private static ArrowType Plain(ArrowType type) => type switch
        {
            DictionaryType dictionary => Plain(dictionary.ValueType),
            RunEndEncodedType runs => Plain(runs.Values.Type),
            _ => type,
        };

        private static bool IsTime(ArrowTypeId id) =>
            id is ArrowTypeId.Date32 or ArrowTypeId.Date64 or ArrowTypeId.Timestamp;

        /// <summary>A date or time in ticks of UTC; one out of the range of ticks is at its end.</summary>
        private static long Ticks(ArrowArray plain, int slot)
        {
            Int128 ticks = DateTime.UnixEpoch.Ticks;
            if (plain.Type.Id == ArrowTypeId.Date32)
                ticks += (Int128)plain.Values<int>()[slot] * TimeSpan.TicksPerDay;
            else
            {
                Int128 value = plain.Values<long>()[slot];
                ticks += (plain.Type as TimestampType)?.Unit switch
                {
                    TimeUnit.Second => value * TimeSpan.TicksPerSecond,
                    TimeUnit.Microsecond => value * TimeSpan.TicksPerMicrosecond,
                    TimeUnit.Nanosecond => (value - (((value % 100) + 100) % 100)) / 100,
                    _ => value * TimeSpan.TicksPerMillisecond,
                };
            }

            return (long)Int128.Clamp(ticks, 0, DateTime.MaxValue.Ticks);
        }

        private string Text(ArrowArray plain, int slot)
        {
            _sink ??= new TextSink(new StringWriter(_cell, CultureInfo.InvariantCulture), 1024, cuts: true);
            _cell.Clear();
            _sink.Restart();
            ValueText.WritePlain(plain, slot, _sink);
            return _cell.ToString();
        }

        private FilterValue ValueFor(ArrowType plain, ArrowType type)
        {
            bool isWord = token.Kind == FilterTokenKind.Word;
            if (isWord && token.Value.Equals("null", StringComparison.OrdinalIgnoreCase))
            {
                return op == FilterOperator.Equal
                    ? new FilterConstantValue(null)
                    : throw Wrong("another value, since null is compared by '=' and '!=' alone");
            }

            if (plain.IsText())
                return op == FilterOperator.Glob ? new FilterGlobValue(token.Value) : new FilterTextValue(token.Value);
            if (op == FilterOperator.Glob)
                throw Wrong($"another operator, since '~' compares text and '{column}' is {type}");
            if (plain.Id == ArrowTypeId.Null) return new FilterTextValue(token.Value);
            if (plain.Id == ArrowTypeId.Boolean)
            {
                return op == FilterOperator.Equal && bool.TryParse(token.Value, out bool constant)
                    ? new FilterConstantValue(constant)
                    : throw Wrong($"'=' or '!=' and true or false, since '{column}' is {type}");
            }

            if (IsTime(plain.Id))
            {
                return FilterText.TryParseTime(token.Value, out FilterTime time)
                    ? new FilterTimeValue(time)
                    : throw Wrong($"a date or time such as 2026-11-20T09:30Z, since '{column}' is {type}");
            }

            if (!ValueText.IsNumber(plain))
                throw Wrong($"another column, since '{column}' is {type}, which has no order");
            return FilterNumber.TryParse(token.Value, out FilterNumber number)
                || FilterText.TryParseSize(token.Value, out number)
                ? new FilterNumberValue(number)
                : throw Wrong($"a number, since '{column}' is {type}");
        }

        private InvalidFilterException Wrong(string why) =>
            new(filter._text, token.Start, token.Length, token.Describe(), why);
    }
}
