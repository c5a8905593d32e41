//! Every type on the wire, as [`crate::schema`] takes them.

// The other codec's derive writes it.
#![allow(clippy::mem_forget)]

use chat_proto::ban::*;
use chat_proto::bots::*;
use chat_proto::choice::*;
use chat_proto::connection::*;
use chat_proto::defence::*;
use chat_proto::delivery::*;
use chat_proto::event::*;
use chat_proto::file::*;
use chat_proto::guest::*;
use chat_proto::identity::*;
use chat_proto::invite::*;
use chat_proto::nick::*;
use chat_proto::password::*;
use chat_proto::profile::*;
use chat_proto::reach::*;
use chat_proto::realm::*;
use chat_proto::reply::*;
use chat_proto::request::*;
use chat_proto::search::*;
use chat_proto::seen::*;
use chat_proto::setting::*;
use chat_proto::*;
use wincode::{SchemaRead, SchemaWrite};

use crate::schema::{Entropy, Kind, Visitor, Wire, numbered, other_encode, tight, wire};

wire! {
    aliases {
        AccountId = u64;
        RoomId = u64;
        ConnId = u64;
        DeviceId = u64;
        Seq = u64;
        Ordinal = u64;
        Epoch = u64;
        RequestId = u64;
        InviteId = u64;
        Timestamp = i64;
        MessageKey = [u8; 16];
        Chain = [u8; 16];
        DeviceKey = [u8; 32];
        SecretHash = [u8; 32];
        FileHash = [u8; 32];
    }
    structs {
        RequestFrame { id: RequestId, request: Request }
        Hello { version_min: u16, version_max: u16, client: String, auth: Auth, resume: Vec<Position> }
        DeviceAuth { device: DeviceKey, name: String, signature: [u8; 64] }
        Position { feed: FeedId, epoch: Epoch, seq: Seq, chain: Chain, backlog_max: u32 }
        Ping { token: u64 }
        CreateRoom { key: MessageKey, name: String, topic: String }
        JoinRoom { key: MessageKey, room: RoomRef, create: bool }
        LeaveRoom { key: MessageKey, room: RoomId, reason: String }
        ListRooms { after: RoomId, limit: u16 }
        LookUpRoom { room: RoomRef }
        Post { key: MessageKey, room: RoomId, style: Style, text: String }
        History { room: RoomId, anchor: Anchor, limit: u16 }
        MarkRead { room: RoomId, seq: Seq }
        ListMembers { room: RoomId, after: AccountId, limit: u16 }
        Whois { name: String }
        Subscribe { from: Position }
        Unsubscribe { feed: FeedId }
        Focus { room: Option<RoomId> }
        ListSessions {}
        EndSession { conn: ConnId }
        SetDraft { key: MessageKey, room: RoomId, text: String }
        SetNotify { key: MessageKey, room: RoomId, rule: Notify }
        PinRoom { key: MessageKey, room: RoomId, on: bool }
        SetSetting { key: MessageKey, name: String, value: String }
        Ignore { key: MessageKey, account: AccountId, on: bool }
        Search { query: String, room: Option<RoomId>, after: u64, limit: u16 }
        DeviceMessage { bytes: Vec<u8> }
        BanFromServer { target: BanTarget, for_s: Option<u32>, reason: String }
        LiftBan { target: BanTarget }
        BanAndPurge { key: MessageKey, room: RoomId, user: UserRef, until: Option<Timestamp>, reason: String }
        SetDefence { level: DefenceLevel, reason: String }
        AskDefence {}
        SetNick { nick: String }
        GetNicks { accounts: Vec<AccountId> }
        Nick { account: AccountId, name: String, nick: String }
        Nicks { policy: NickPolicy, nicks: Vec<Nick> }
        NickChanged { account: AccountId, name: String, nick: String }
        NickSet { nick: String, policy: NickPolicy }
        Defence { level: DefenceLevel, configured: DefenceLevel, set: DefenceLevel, since: Option<Timestamp> }
        DefenceSet { level: DefenceLevel, reason: String }
        PurgeFromServer { user: UserRef, reason: String }
        ServerPurged { account: AccountId, name: String, reason: String }
        ListBans {}
        Status { text: String, away: bool, until: Option<Timestamp> }
        StateValue { name: String, value: String }
        SetStatus { key: MessageKey, status: Status }
        SetState { key: MessageKey, set: Vec<StateValue>, unset: Vec<String>, public: Option<Vec<String>> }
        GetProfile { user: UserRef }
        Block { key: MessageKey, account: AccountId, on: bool }
        SetContact { key: MessageKey, account: AccountId, on: bool }
        SetDirectPolicy { key: MessageKey, policy: DirectPolicy }
        ListMentions { before: Seq, limit: u16 }
        OpenDirect { key: MessageKey, with: Vec<UserRef> }
        ListReadMarks { room: RoomId, after: AccountId, limit: u16 }
        ReadMark { account: AccountId, name: String, seq: Seq }
        ReadMarkList { marks: Vec<ReadMark>, more: bool }
        Profile {
            account: AccountId, name: String, since: Timestamp, presence: Presence, status: Status, state: Vec<StateValue>,
            shared_rooms: Vec<String>
        }
        MentionEntry { place: Seq, room: RoomId, name: String, seq: Seq, at: Timestamp }
        MentionList { mentions: Vec<MentionEntry>, more: bool }
        UserState { account: AccountId, name: String, status: Status, state: Vec<StateValue> }

        CreateRoomWith { key: MessageKey, name: String, settings: Vec<RoomSetting> }
        ChangeRoom { key: MessageKey, room: RoomId, changes: Vec<RoomSetting> }
        RenameRoom { key: MessageKey, room: RoomId, name: String }
        DeleteRoom { key: MessageKey, room: RoomId, if_empty: bool, reason: String }
        DescribeRoom { room: RoomId }
        Explain { room: RoomId, action: String, target: Option<UserRef> }
        SetRole { key: MessageKey, room: RoomId, user: UserRef, role: Role }
        TransferRoom { key: MessageKey, room: RoomId, user: UserRef }
        PutOnList { key: MessageKey, room: RoomId, user: UserRef, list: List, until: Option<Timestamp>, reason: String }
        TakeOffList { key: MessageKey, room: RoomId, user: UserRef, list: List, reason: String }
        ReadList { room: RoomId, list: List, after: AccountId, limit: u16 }
        Kick { key: MessageKey, room: RoomId, user: UserRef, reason: String }
        Purge { key: MessageKey, room: RoomId, user: UserRef, reason: String }
        AuditRoom { room: RoomId, before: Seq, limit: u16 }
        PostWith { key: MessageKey, room: RoomId, style: Style, text: String, extras: Vec<Extra> }
        Attached { name: String, media_type: String, size: u64, hash: FileHash }
        Upload { room: RoomId, media_type: String, size: u64, hash: FileHash }
        Download { room: RoomId, seq: Seq, offset: u64 }
        UploadFrom { offset: u64 }
        FileFrom { file: Attached, offset: u64 }
        BatchItem { key: MessageKey, style: Style, text: String }
        PostBatch { room: RoomId, posts: Vec<BatchItem> }
        Announce { room: RoomId, style: Style, text: String }
        Edit { key: MessageKey, room: RoomId, target: Seq, text: String }
        Redact { key: MessageKey, room: RoomId, target: Seq, reason: String }
        React { key: MessageKey, room: RoomId, target: Seq, emoji: String, on: bool }
        Pin { key: MessageKey, room: RoomId, target: Seq, on: bool }
        Forward { key: MessageKey, room: RoomId, target: Seq, to: RoomId }
        ListFolds { room: RoomId, from: Seq, to: Seq }
        ListPins { room: RoomId }

        LinkAuth { device: DeviceKey, name: String, signature: [u8; 64], proof: [u8; 32], label: String }
        RecoverAuth {
            device: DeviceKey, name: String, signature: [u8; 64], code: String, label: String, revoke_others: bool
        }
        JwtAuth { name: String, token: String }
        PasswordAuth { device: DeviceKey, name: String, signature: [u8; 64], password: String, label: String }
        SetPassword { password: Option<String>, revoke_others: bool }
        PasswordSet { hash: Option<String> }
        PasswordUsed { device: DeviceId, key: DeviceKey, label: String }
        GuestAuth { device: DeviceKey, name: String, signature: [u8; 64] }
        InviteAuth { device: DeviceKey, name: String, signature: [u8; 64], secret: String, room: String }
        MakeInvite { room: Option<RoomRef>, uses: u32, for_s: u32 }
        Invite { invite: InviteId, secret: String, room: String, until: Timestamp }
        ListInvites {}
        InviteInfo {
            invite: InviteId, room: Option<RoomId>, room_name: String, by: Named, uses: u32, used: u32,
            since: Timestamp, until: Timestamp
        }
        InviteList { invites: Vec<InviteInfo> }
        RevokeInvite { invite: InviteId }
        InviteMade { secret: SecretHash, room: Option<RoomId>, uses: u32, until: Timestamp }
        InviteUsed { invite: InviteId, name: String }
        InviteRevoked { invite: InviteId }
        BotAuth { token: String }
        MakeBotToken { name: String, rooms: Vec<RoomRef>, for_s: Option<u32> }
        BotTokenMade { bot: Named, token: String }
        ListBotTokens { name: String }
        BotRoom { room: RoomId, name: String }
        BotTokenInfo {
            id: String, bot: Named, owner: Named, rooms: Vec<BotRoom>, since: Timestamp, until: Option<Timestamp>,
            online: bool
        }
        BotTokenList { tokens: Vec<BotTokenInfo> }
        RevokeBotToken { id: String }
        BotLetIn {
            bot: AccountId, name: String, owner: AccountId, device: DeviceId, id: String, rooms: Vec<RoomId>,
            until: Option<Timestamp>
        }
        BotTokenRevoked { bot: AccountId, device: DeviceId, id: String }
        MakeLinkCode {}
        LinkCode { code: String, expires_ms: u32 }
        ListDevices {}
        DeviceInfo { device: DeviceId, key: DeviceKey, label: String, since: Timestamp, online: bool, own: bool }
        DeviceList { devices: Vec<DeviceInfo> }
        RevokeDevice { device: DeviceId }
        MakeRecoveryCode {}
        RecoveryCode { code: String }
        DeviceAdded { device: DeviceId, key: DeviceKey, label: String }
        DeviceRevoked { account: AccountId, device: DeviceId }
        RecoverySet { code: SecretHash }
        RecoveryUsed { device: DeviceId, key: DeviceKey, label: String }
        ClaimServer { code: String }
        ListAudit { before: Seq, limit: u16 }
        AuditEntry { seq: Seq, at: Timestamp, by: AccountId, name: String, text: String }
        AuditPage { entries: Vec<AuditEntry>, more: bool }
        ClaimOffered { code: SecretHash }
        OwnerClaimed { name: String }

        ReplyFrame { id: RequestId, reply: Reply }
        Welcome {
            version: u16, server: String, account: AccountId, name: String, device: DeviceId, conn: ConnId,
            registered: bool, now: Timestamp, feeds: Vec<FeedStatus>
        }
        FeedStatus {
            feed: FeedId, state: FeedState, epoch: Epoch, name: String, member: bool, head: Seq, head_ordinal: Ordinal,
            oldest: Seq, read: Seq, read_ordinal: Ordinal, mentions: Vec<Seq>, next: Seq
        }
        Reject { code: RejectCode, retry: Retry, retry_after_ms: u32, message: String }
        Done {}
        Pong { token: u64, now: Timestamp }
        RoomInfo {
            room: RoomId, epoch: Epoch, name: String, topic: String, member: bool, created: bool, members: u32, head: Seq,
            head_ordinal: Ordinal, oldest: Seq, read: Seq, read_ordinal: Ordinal
        }
        RoomSummary { room: RoomId, name: String, topic: String, member: bool, members: u32 }
        RoomList { rooms: Vec<RoomSummary>, more: bool }
        Receipt { seq: Seq, ordinal: Ordinal, at: Timestamp, duplicate: bool }
        SeqRange { from: Seq, to: Seq }
        Page {
            room: RoomId, epoch: Epoch, events: Vec<Event>, oldest: Seq, last: Seq, more_before: bool, more_after: bool,
            trimmed: Option<SeqRange>
        }
        Member { account: AccountId, name: String, role: Role, presence: Presence, since: Timestamp }
        MemberList { members: Vec<Member>, total: u32, more: bool }
        Person { account: AccountId, name: String, since: Timestamp, presence: Presence, shared_rooms: Vec<String> }

        RoomDetails {
            room: RoomId, name: String, owner: Option<Named>, role: Option<Role>, settings: Vec<RoomSetting>,
            rights: Vec<String>
        }
        Explained { refusal: Option<Reject> }
        BatchReceipt { results: Vec<BatchResult> }
        ListEntry { who: Named, until: Option<Timestamp>, reason: String, by: AccountId, since: Timestamp }
        ListEntries { list: List, entries: Vec<ListEntry>, more: bool }
        Reaction { emoji: String, by: Vec<AccountId>, count: u32 }
        Fold {
            target: Seq, seq: Seq, text: Option<String>, edited_at: Timestamp, revision: u32, reactions:
            Vec<Reaction>, pinned: bool
        }
        FoldList { room: RoomId, folds: Vec<Fold> }
        PinList { room: RoomId, events: Vec<Event> }
        SessionInfo { conn: ConnId, device: DeviceId, address: String, client: String, since: Timestamp, idle_ms: u64 }
        SessionList { sessions: Vec<SessionInfo> }
        SearchHit { room: RoomId, room_name: String, event: Event, text: Option<String> }
        SearchHits { hits: Vec<SearchHit>, next: Option<u64>, behind: u64 }
        DeviceMessagePassed { connections: u32, missed: u32 }
        BanEntry {
            target: BanTarget, name: String, until: Option<Timestamp>, reason: String, by: AccountId, at: Timestamp
        }
        BanList { bans: Vec<BanEntry> }
        ServerBanned { target: BanTarget, name: String, until: Option<Timestamp>, reason: String }
        ServerUnbanned { target: BanTarget }

        Event {
            seq: Seq, ordinal: Ordinal, at: Timestamp, by: AccountId, device: DeviceId, key: MessageKey, body: EventBody
        }
        Withheld {}
        Created { room: String, name: String, topic: String }
        Joined { name: String }
        Left { name: String, reason: String }
        Posted { name: String, style: Style, text: String, mentions: Vec<AccountId> }
        PostedWith { name: String, style: Style, text: String, mentions: Vec<AccountId>, extras: Vec<Extra> }
        ReplyTo { target: Seq }
        VisibleTo { accounts: Vec<AccountId> }
        Forwarded { room: RoomId, room_name: String, seq: Seq, by: AccountId, name: String }
        Custom { kind: String, bytes: Vec<u8> }
        ByBot {}
        Edited {
            name: String, target: Seq, text: String, mentions: Vec<AccountId>, visible_to: Option<Vec<AccountId>>
        }
        Redacted { name: String, target: Seq, reason: String }
        RedactedFor { name: String, target: Seq, reason: String, visible_to: Vec<AccountId> }
        Reacted { name: String, target: Seq, emoji: String, on: bool, visible_to: Option<Vec<AccountId>> }
        Pinned { name: String, target: Seq, on: bool }
        Erased { kind: u16 }
        ErasedFor { kind: u16, visible_to: Vec<AccountId> }
        Named { account: AccountId, name: String }
        RoomChanged { name: String, changes: Vec<RoomSetting> }
        Renamed { name: String, old: String, new: String }
        RoleSet { name: String, member: Named, role: Role }
        OwnerChanged { name: String, member: Named }
        Listed { name: String, who: Named, list: List, until: Option<Timestamp>, reason: String }
        Unlisted { name: String, who: Named, list: List, reason: String }
        Kicked { name: String, member: Named, reason: String }
        Evicted { members: Vec<Named>, reason: String }
        Purged { name: String, who: Named, up_to: Seq, reason: String }
        Deleted { name: String, reason: String }
        DirectCreated { room: String, members: Vec<Named> }
        Filter { word: String, action: FilterAction, with: String }
        Topic { text: String }
        Title { text: String }
        Joining { policy: JoinPolicy }
        Reading { who: Who }
        Posting { who: Who }
        Listing { who: Who }
        SlowMode { seconds: u32 }
        Lifetime { empty_for_s: Option<u32> }
        Retention { messages: Option<u64>, age_s: Option<u64>, bytes: Option<u64> }
        PresenceShown { mode: PresenceMode }
        HistoryShown { from: HistoryFrom }
        EditWindow { seconds: Option<u32> }
        EditsKept { on: bool }
        Redaction { who: Redactors }
        ReadReceipts { on: bool }
        MembersMax { count: u32 }
        Filters { rules: Vec<Filter> }
        ForwardTo { rooms: Vec<RoomId> }
        Archived { on: bool }
        RoomJoined { room: RoomId, epoch: Epoch, name: String, seq: Seq, ordinal: Ordinal }
        RoomLeft { room: RoomId, seq: Seq }
        ReadMarked { room: RoomId, seq: Seq, ordinal: Ordinal }
        Mentioned { room: RoomId, seq: Seq }
        DraftSet { room: RoomId, text: String }
        NotifySet { room: RoomId, rule: Notify }
        RoomPinned { room: RoomId, on: bool }
        SettingSet { name: String, value: String }
        Ignored { account: AccountId, name: String, on: bool }
        StatusSet { status: Status }
        StateSet { values: Vec<StateValue>, public: Vec<String> }
        Blocked { account: AccountId, name: String, on: bool }
        ContactSet { account: AccountId, name: String, on: bool }
        DirectPolicySet { policy: DirectPolicy }

        StreamHeader { purpose: StreamPurpose }
        Background {}
        Focused { feed: FeedId, next: Seq }
        Events { feed: FeedId, epoch: Epoch, events: Vec<Event>, chain: Chain }
        Moved { feed: FeedId, next: Seq }
        Trimmed { feed: FeedId, range: SeqRange }
        Ended { feed: FeedId, reason: EndReason }
        Began { status: FeedStatus }
        PresenceEntry { account: AccountId, name: String, presence: Presence }
        RoomPresence { room: RoomId, online: u32, changed: Vec<PresenceEntry> }
        Typing { room: RoomId, account: AccountId, name: String, active: bool }
        GoingAway { after_ms: u32, reason: String }
        SessionUp { conn: ConnId, device: DeviceId, client: String, sessions: u32 }
        SessionDown { conn: ConnId, device: DeviceId, sessions: u32 }
        DeviceTold { conn: ConnId, device: DeviceId, bytes: Vec<u8> }
        Greeting { name: String, motd: String }
        AskSeen { user: UserRef }
        SetSeenPolicy { key: MessageKey, policy: SeenPolicy }
        LastSeen { account: AccountId, name: String, presence: Presence, at: Option<Timestamp> }
        SeenPolicySet { policy: SeenPolicy }
        WasSeen { at: Timestamp }
        DeviceChanged { device: DeviceId, label: String, change: DeviceChange, by: DeviceId, seq: Seq }
        SecretChanged { secret: Secret, change: SecretChange, by: DeviceId, seq: Seq }
        Announced { room: RoomId, account: AccountId, name: String, style: Style, text: String }
        TypingIn { room: RoomId, active: bool }
    }
    enums {
        FeedId { Room(RoomId), Account(AccountId) }
        BanTarget { Account(AccountId), Device(DeviceId), Network(String) }
        RoomRef { Id(RoomId), Name(String) }
        Anchor { Before(Seq), After(Seq), Around(Seq) }
        Style { Text, Action }
        DeviceChange { Linked, Recovered, Revoked, ByPassword }
        Secret { RecoveryCode, Password }
        SecretChange { Set, Used, Removed }
        FeedState { Live, Trimmed, Regressed, Diverged, NoAccess }
        Retry { Never, Later, AfterChange }
        Role { Member, Owner, Moderator, Admin }
        EndReason { Left, NoAccess, Deleted, Restarted }
        Presence { Offline, Online, Away }
        Notify { All, Mentions, Nothing }
        DirectPolicy { Everyone, SharedRooms, Contacts, Nobody }
        SeenPolicy { SharedRooms, Everyone, Nobody }
        NickPolicy { Server, Room, Free }
        DefenceLevel { Normal, Raised, High, Closed }
        List { Banned, Muted, Invited }
        Who { Everyone, Users, Members, Moderators, Admins }
        JoinPolicy { Anyone, Users, Invited }
        PresenceMode { Off, Counts, Full }
        HistoryFrom { Beginning, Joining }
        Redactors { AuthorAndModerators, Moderators, Nobody }
        FilterAction { Reject, Replace }
        UserRef { Id(AccountId), Name(String) }
        BatchResult { Stored(Receipt), Refused(Reject) }
    }
    kinds {
        Request {
            Hello, Ping, CreateRoom, JoinRoom, LeaveRoom, ListRooms, LookUpRoom, Post, History, MarkRead, ListMembers,
            Whois, Subscribe, Unsubscribe, Focus, ChangeRoom, RenameRoom, DeleteRoom, DescribeRoom, Explain, PostWith,
            Edit, Redact, React, Pin, PostBatch, Announce, SetRole, TransferRoom, PutOnList, TakeOffList, ReadList,
            Kick, Purge, AuditRoom, Forward, ListFolds, ListPins, CreateRoomWith, ClaimServer, ListAudit,
            MakeLinkCode, ListDevices, RevokeDevice, MakeRecoveryCode, MakeInvite, ListInvites, RevokeInvite, MakeBotToken, ListBotTokens, RevokeBotToken, SetPassword,
            ListSessions, EndSession, DeviceMessage, BanFromServer, LiftBan, ListBans, AskSeen, SetSeenPolicy, BanAndPurge, PurgeFromServer, SetDefence, AskDefence, SetNick, GetNicks,
            SetDraft, SetNotify, PinRoom, SetSetting, Ignore, Search, SetStatus, SetState, GetProfile, Block,
            SetContact, SetDirectPolicy, ListMentions, OpenDirect, ListReadMarks, Upload, Download
        }
        Auth { DeviceAuth, LinkAuth, RecoverAuth, InviteAuth, BotAuth, JwtAuth, GuestAuth, PasswordAuth }
        Reply {
            Welcome, Reject, Done, Pong, RoomInfo, RoomList, Receipt, Page, MemberList, Person, FeedStatus,
            RoomDetails, Explained, BatchReceipt, ListEntries, FoldList, PinList, AuditPage, LinkCode, DeviceList,
            RecoveryCode, Invite, InviteList, BotTokenMade, BotTokenList, SessionList, SearchHits, DeviceMessagePassed, BanList, LastSeen, Defence, Nicks,
            Profile, MentionList, ReadMarkList, UploadFrom, FileFrom
        }
        EventBody {
            Withheld, Created, Joined, Left, Posted, PostedWith, Edited, Redacted, Reacted, Pinned, RoomChanged,
            Renamed, RoleSet, OwnerChanged, Listed, Unlisted, Kicked, Evicted, Purged, Deleted, Erased, DirectCreated, RedactedFor, ErasedFor,
            ClaimOffered, OwnerClaimed, DeviceAdded, DeviceRevoked, RecoverySet, RecoveryUsed, ServerBanned,
            ServerUnbanned, InviteMade, InviteUsed, InviteRevoked, BotLetIn, BotTokenRevoked, ServerPurged, DefenceSet, NickSet, PasswordSet, PasswordUsed, RoomJoined, RoomLeft, ReadMarked, Mentioned,
            DraftSet, NotifySet, RoomPinned, SettingSet, Ignored, StatusSet, StateSet, Blocked, ContactSet,
            DirectPolicySet, SeenPolicySet, WasSeen, DeviceChanged, SecretChanged
        }
        Extra { ReplyTo, VisibleTo, Forwarded, Custom, ByBot, Attached }
        RoomSetting {
            Topic, Title, Joining, Reading, Posting, Listing, SlowMode, Lifetime, Retention, PresenceShown,
            HistoryShown, EditWindow, EditsKept, Redaction, ReadReceipts, MembersMax, Filters, ForwardTo, Archived
        }
        StreamPurpose { Background, Focused }
        Delivery {
            Events, Moved, Trimmed, Ended, Began, RoomPresence, Typing, GoingAway, Announced, SessionUp, SessionDown,
            DeviceTold, UserState, Greeting, NickChanged
        }
        ClientSignal { TypingIn }
    }
}
