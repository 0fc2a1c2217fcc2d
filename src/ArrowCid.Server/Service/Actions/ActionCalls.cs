using System.Text.Json;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Flight.Service;
using ArrowCid.Registry;
using ArrowCid.Server.Access;
using ArrowCid.Server.Grpc;
using Google.Protobuf;
using Grpc.Core;

namespace ArrowCid.Server.Service;

/// <summary>DoAction and ListActions. Our own actions take a CID's text or a JSON object, and give JSON.</summary>
internal sealed class ActionCalls
{
    private static readonly HashSet<string> s_sqlActions =
    [
        "CreatePreparedStatement", "ClosePreparedStatement", "CreatePreparedSubstraitPlan", "BeginTransaction",
        "EndTransaction", "BeginSavepoint", "EndSavepoint", "CancelQuery",
    ];

    private readonly CidStore _store;
    private readonly FlightGate _gate;
    private readonly Dictionary<string, StoreAction> _actions;

    public ActionCalls(CidStore store, FlightGate gate, ServedChannels channels)
    {
        (_store, _gate) = (store, gate);
        var export = new ExportAction(store);
        var blocks = new BlockActions(store);
        var messages = new ChannelActions(channels);
        _actions = new(StringComparer.Ordinal)
        {
            ["describe"] = new(AccessOperation.List, "What is known of a block: {\"cid\"}", Describe),
            ["resolve"] = new(AccessOperation.ResolveName, "The block of a name: {\"name\", \"asOf\"?}", Resolve),
            ["verify"] = new(AccessOperation.FetchBlock, "Proves a block again: {\"cid\"}", Verify),
            ["find-missing"] = new(AccessOperation.FetchBlock, "Which blocks are not here: {\"cids\"}",
                (call, arguments) => ReplyAsync(call, MissingBlocks.Answer(store, arguments.Body.Span)).AsTask())
            {
                HasLongBody = true,
            },
            ["get-block"] = new(AccessOperation.FetchBlock,
                "A block's bytes, in results: its length as 8 bytes, little-endian, then the bytes: {\"cid\"}",
                blocks.Get),
            ["list-blocks"] = new(AccessOperation.List,
                "The blocks of every kind, in results of many: nothing → {\"cids\"}", blocks.List),
            ["put-block"] = new(AccessOperation.PutBlock,
                "Stores a block: its CID as text, a line feed, and its bytes", blocks.Put)
            { HasLongBody = true },
            ["sync"] = new(AccessOperation.List, "Requests of a sync: the id of a session, or nothing, a line feed, " +
                "and messages with lengths → the id, then messages", new SyncAction(store, gate).Run)
            { HasLongBody = true },
            ["channels"] = new(AccessOperation.List, "The channels, in results: nothing → {\"name\", \"cid\"}",
                messages.List),
            ["channel-read"] = new(AccessOperation.List, "Messages of a channel as they come, in results: " +
                "{\"channel\", \"from\"?: a cursor, oldest or now, \"idleMs\"?: the time without one until it ends}",
                messages.Read),
            ["channel-publish"] = new(AccessOperation.PublishMessage,
                "Publishes a message: {\"channel\", \"contents\" and \"hints\"?, or \"text\"} → {\"cid\"}",
                messages.Publish),
            ["channel-exchange"] = new(AccessOperation.PublishMessage, "Lists of a participant: the channel, a line " +
                "feed, and lists with lengths → lists (Channels/CHANNELS.md, Exchange)", messages.Exchange)
            { HasLongBody = true },
            ["channel-create"] = new(AccessOperation.ManageChannel,
                "Creates a channel: {\"name\", \"open\"? or \"writers\"?, \"keepMs\"?} → {\"name\", \"cid\"}",
                messages.Create),
            ["export"] = new(AccessOperation.FetchBlock,
                "A batch or dataset as a file, in results: {\"cid\", \"format\"?: parquet, arrow or car}", export.Run),
            ["where"] = new(AccessOperation.FetchBlock, "Where the store is, for clients on its machine: nothing",
                (call, _) => ReplyAsync(call, ByteString.CopyFromUtf8(StorePlace.TextOf(store))).AsTask()),
            ["put-facts"] = new(AccessOperation.Annotate,
                "Says something of a block: {\"cid\", \"tags\"?, \"producer\"?, \"json\"?, \"expires\"?}", PutFacts),
            ["tag"] = new(AccessOperation.Annotate, "Sets a tag, or removes it: {\"cid\", \"key\", \"value\"?}", Tag),
            ["name"] = new(AccessOperation.CreateName,
                "Points a name to a block: {\"name\", \"cid\", \"expected\"?}; a null CID removes it", Name),
            ["pin"] = new(AccessOperation.Pin, "Keeps a block: {\"cid\"}", Pin),
            ["unpin"] = new(AccessOperation.Pin, "Ends a pin: {\"cid\"}", Unpin),
            ["remove"] = new(AccessOperation.RemoveBlock,
                "Removes a block that nothing keeps: {\"cid\", \"dryRun\"?, \"force\"?}", Remove),
        };
    }

    /// <summary>Answers ListActions.</summary>
    public async Task ListActions(GrpcCall call)
    {
        foreach ((string name, StoreAction action) in _actions)
        {
            await call.Writer.WriteAsync(new ActionType { Type = name, Description = action.Description }, call.Cancel)
                .ConfigureAwait(false);
        }

        foreach (string name in FlightActions.Names)
        {
            await call.Writer.WriteAsync(new ActionType { Type = name, Description = "As Arrow Flight defines it" },
                call.Cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Answers DoAction.</summary>
    public async Task DoAction(GrpcCall call, Flight.Protocol.Action action)
    {
        if (FlightActions.TryRun(action.Type, action.Body.Span) is { } known)
        {
            await ReplyAsync(call, known.ToByteString()).ConfigureAwait(false);
            return;
        }

        if (!_actions.TryGetValue(action.Type, out StoreAction? ours))
        {
            if (s_sqlActions.Contains(action.Type)) throw FlightRequest.NoSql(action.Type);
            throw new GrpcException(StatusCode.Unimplemented,
                $"there is no action '{action.Type}'; ListActions names all");
        }

        _gate.Require(call, ours.Need, action.Type);
        if (ours.Need is AccessNeed.Put or AccessNeed.Admin && _store.IsReadOnly)
            throw new GrpcException(StatusCode.FailedPrecondition, "the store is served for reading only");
        var arguments = new ActionArguments(action.Body.Memory, isRead: !ours.HasLongBody)
        {
            Rights = () => _gate.RightsOf(call, _store, action.Type),
        };
        await ours.Run(call, arguments).ConfigureAwait(false);
    }

    private static ValueTask ReplyAsync(GrpcCall call, ByteString body) =>
        call.Writer.WriteAsync(new Result { Body = body }, call.Cancel);

    private void Describe(ActionArguments arguments, Utf8JsonWriter writer)
    {
        Cid cid = arguments.Cid();
        EntryJson.Write(writer, _store.Metadata.Get(cid)
            ?? throw _store.Proofs.NotHere(cid, $"no block {cid} is stored, and it has no metadata"));
    }

    private void Resolve(ActionArguments arguments, Utf8JsonWriter writer)
    {
        string name = arguments.Required("name");
        DateTimeOffset? asOf = null;
        if (arguments.Text("asOf") is { } text)
        {
            asOf = Filter.TryParseTime(text, out DateTimeOffset time)
                ? time
                : throw new ArrowCidException(ErrorCode.InvalidArgument, "asOf is no time");
        }

        Cid cid = _store.Names.Resolve(name, asOf)
            ?? throw new ArrowCidException(ErrorCode.NameNotFound, $"'{name}' points to nothing");
        writer.WriteString("cid", cid.ToString());
    }

    private void Verify(ActionArguments arguments, Utf8JsonWriter writer)
    {
        Cid cid = arguments.Cid();
        VerifyResult result = _store.Diagnostics.Verify(cid)
            ?? throw BlockStreams.NotHere(_store, cid);
        writer.WriteString("cid", cid.ToString());
        writer.WriteBoolean("isIntact", result.IsIntact);
        writer.WriteNumber("bytes", result.ByteLength);
        writer.WriteString("error", result.Error is { } e ? Remedy.Join(e.Message, e.Remedy) : null);
    }

    private void PutFacts(ActionArguments arguments, Utf8JsonWriter writer)
    {
        Cid cid = arguments.Cid();
        arguments.Rights().Annotate(cid, arguments.Facts());
        writer.WriteString("cid", cid.ToString());
    }

    private void Tag(ActionArguments arguments, Utf8JsonWriter writer)
    {
        Cid cid = arguments.Cid();
        string key = arguments.Required("key");
        if (arguments.Text("value") is { } value) _store.Metadata.Tag(cid, key, value);
        else _store.Metadata.Untag(cid, key);
        writer.WriteString("cid", cid.ToString());
    }

    private void Name(ActionArguments arguments, Utf8JsonWriter writer)
    {
        string name = arguments.Required("name");
        Cid? cid = arguments.Text("cid") is { } text ? Cid.Parse(text) : null;
        NameExpectation expected = arguments.Has("expected")
            ? new NameExpectation(IsAny: false, arguments.Text("expected") is { } old ? Cid.Parse(old) : null)
            : new NameExpectation(IsAny: true, null);
        _ = arguments.Rights().SetName(name, cid, expected);
        writer.WriteString("name", name);
        writer.WriteString("cid", cid?.ToString());
    }

    private void Pin(ActionArguments arguments, Utf8JsonWriter writer)
    {
        Cid cid = arguments.Cid();
        _store.Retention.Pin(cid);
        writer.WriteString("cid", cid.ToString());
    }

    private void Unpin(ActionArguments arguments, Utf8JsonWriter writer)
    {
        Cid cid = arguments.Cid();
        writer.WriteString("cid", cid.ToString());
        writer.WriteBoolean("wasPinned", _store.Retention.Unpin(cid));
    }

    private void Remove(ActionArguments arguments, Utf8JsonWriter writer)
    {
        Cid cid = arguments.Cid();
        bool isDryRun = arguments.Flag("dryRun");
        RemoveResult result = _store.Retention.Remove([cid], isDryRun, arguments.Flag("force"));
        if (result.Kept is [{ Reasons: { } reasons }])
        {
            if (reasons.All(reason => reason.Kind == KeepKind.NotHere)) throw BlockStreams.NotHere(_store, cid);
            throw new GrpcException(StatusCode.FailedPrecondition, $"{cid} stays: " +
                string.Join("; ", reasons.Select(each => Remedy.Join(each.ToString(), each.Remedy))));
        }

        writer.WriteString("cid", cid.ToString());
        writer.WriteBoolean("isRemoved", !isDryRun);
        writer.WriteBoolean("isDryRun", isDryRun);
        writer.WriteNumber("bytes", result.ByteLength);
    }

    /// <param name="Operation">The operation.</param>
    /// <param name="Description">For ListActions.</param>
    /// <param name="Run">Answers the call.</param>
    private sealed record StoreAction(AccessOperation Operation, string Description,
        Func<GrpcCall, ActionArguments, Task> Run)
    {
        /// <summary>An action whose one result is a JSON object.</summary>
        public StoreAction(AccessOperation operation, string description,
            System.Action<ActionArguments, Utf8JsonWriter> members)
            : this(operation, description, (call, arguments) => ReplyAsync(call,
                ByteString.CopyFrom(JsonObject.Bytes(writer => members(arguments, writer)))).AsTask())
        {
        }

        /// <summary>Whether it reads <see cref="ActionArguments.Body"/> itself, which may be long.</summary>
        public bool HasLongBody { get; init; }

        public AccessNeed Need => AccessRules.NeedOf(Operation);
    }
}
